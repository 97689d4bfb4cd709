import { randomUUID } from 'node:crypto';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { isMariaDb } from '../db/connect.ts';
import { isSyntaxError } from '../db/errors.ts';
import { assertPacketFits, packetLimitOf } from '../db/packet-limit.ts';
import {
  type AppendFound,
  appendStatement,
  FOUND,
  HEAD_DISAGREES,
  PHASE,
  type Phase,
  rowCount,
  type Unit,
} from './append-statement.ts';
import type { Expectation, RefusedAppend } from './append-terms.ts';
import type { AppendProof } from './source.ts';
import { newTag, newTermWord } from './terms.ts';

/** Lifetime of an attempt's key, in ms: far longer than an attempt is retried. */
const KEY_MS = 10 * 60_000;

/** Outcome of a unit: the position of its first row, and whether an earlier append had written it. */
export interface Appended {
  readonly firstId: number;
  readonly duplicate: boolean;
  /** Word of the term that its rows belong to. */
  readonly term: string;
  /** What its key stores for repeats; only of a duplicate. */
  readonly answer?: string;
}

/** One caller's units, appended in one transaction or not at all. */
export interface PendingAppend {
  readonly units: readonly Unit[];
  readonly bytes: number;
  readonly rows: number;
  /** Time at which its caller is rejected (`performance.now()`). */
  readonly deadline: number;
  /** Its caller was rejected. It is appended only if it had been sent already. */
  expired: boolean;
  /** Per unit, in order; a repeat has its answer before the other units are appended. */
  readonly answers: (Appended | undefined)[];
  resolve(answers: Appended[]): void;
  reject(error: unknown): void;
}

/**
 * Append transaction under way. It has a key of its own, so that it can be sent again when its COMMIT got no answer: it
 * either commits now, or fails on its key and is found to have committed before.
 */
export interface Attempt {
  readonly members: readonly PendingAppend[];
  readonly key: string;
  readonly tag: string;
}

export function newAttempt(members: readonly PendingAppend[]): Attempt {
  return { members, key: `batch:${randomUUID()}`, tag: newTag() };
}

/** Committed append. */
export interface SentAttempt {
  readonly firstId: number;
  /** Time of its rows. */
  readonly at: Date;
  readonly proof: AppendProof;
}

/** Number of rows of the units that have no answer yet. */
export function unansweredRows({ members }: Attempt): number {
  let rows = 0;
  for (const { units, answers } of members)
    for (const [index, unit] of units.entries()) if (!answers[index]) rows += rowCount(unit);
  return rows;
}

/** Connections through a proxy that announces a MariaDB in front of another server. */
const withoutCompounds = new WeakSet<Connection>();

/**
 * Sends the units that have no answer yet. Resolves after COMMIT.
 * @param onSent called once the packet is written
 * @throws Problem `body-too-large` when they exceed the server's max_allowed_packet; nothing was sent
 */
export async function sendAttempt(
  connection: Connection,
  { members, key, tag }: Attempt,
  expected: Expectation,
  onSent: () => void,
): Promise<SentAttempt> {
  const own: Unit = { drafts: [], keys: [{ value: key, fingerprint: Buffer.alloc(32), keepMs: KEY_MS }] };
  const pending = [own];
  for (const { units, answers } of members)
    for (const [index, unit] of units.entries()) if (!answers[index]) pending.push(unit);
  const newTerm = newTermWord();
  const compound = isMariaDb(connection) && !withoutCompounds.has(connection);
  const sql = appendStatement(pending, { tag, newTerm, expected }, compound);
  const limit = packetLimitOf(connection);
  assertPacketFits(sql, typeof limit === 'number' ? limit : await limit);
  // Without values the driver does not scan the text for placeholders.
  const answer = connection.query<RowDataPacket[][]>({ sql, values: null });
  onSent();
  let results: RowDataPacket[][];
  try {
    [results] = await answer;
  } catch (error) {
    if (!compound || !isSyntaxError(error)) throw error;
    // Of a large append, the statement before the refused one was run: the next transaction would commit it.
    await connection.query('ROLLBACK');
    withoutCompounds.add(connection);
    return sendAttempt(connection, { members, key, tag }, expected, onSent);
  }
  // A compound statement answers with a result of its own, after the rows that it read.
  const found = readFound(results.findLast((result) => Array.isArray(result))?.[0]);
  const firstId = Number(found.base) + 1;
  const began = { number: Number(found.number), word: newTerm, firstId };
  return {
    firstId,
    at: new Date(`${String(found.at).replace(' ', 'T')}Z`),
    proof: {
      server: found.server,
      term: found.term,
      previousTag: found.previousTag,
      ...(expected.begins ? { began } : {}),
    },
  };
}

/** Reads what a packet found that failed; undefined where it failed before it read the head. */
export async function readRefusal(connection: Connection): Promise<RefusedAppend | undefined> {
  const [rows] = await connection.query<RowDataPacket[]>(`${FOUND}, ${HEAD_DISAGREES} AS disagrees`);
  const { head, term, server } = readFound(rows[0]);
  if (head === null) return undefined;
  return { head: Number(head), term, server, complete: Number(rows[0]?.disagrees) !== 1 };
}

/** Reads the row of `FOUND`. */
function readFound(row: RowDataPacket | undefined): AppendFound {
  return JSON.parse(row?.found as string) as AppendFound;
}

/** Reads what a packet was doing when it failed; undefined where none was sent on this connection. */
export async function readPhase(connection: Connection): Promise<Phase | undefined> {
  const [rows] = await connection.query<RowDataPacket[]>(PHASE);
  return (rows[0]?.phase as Phase | null) ?? undefined;
}

/** Stored idempotency key. */
export interface KnownKey {
  readonly fingerprint: Buffer;
  readonly firstId: number;
  readonly answer: string | null;
  /** Word of the term that covers the first row. */
  readonly term: string | null;
  /** Time of the first row; null where it was deleted. */
  readonly at: Date | null;
}

/** Reads which keys of an attempt, including its own, were used before. */
export async function findKeys(connection: Connection, attempt: Attempt): Promise<Map<string, KnownKey>> {
  const keys = attempt.members.flatMap(keysOf);
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT idempotency_key, fingerprint, first_id, answer,
       (SELECT term FROM log_term WHERE log_term.first_id <= log_key.first_id ORDER BY number DESC LIMIT 1) AS term,
       (SELECT created_at FROM notification WHERE notification.id = log_key.first_id) AS at
       FROM log_key WHERE idempotency_key IN (?)`,
    [[attempt.key, ...keys]],
  );
  return new Map(
    rows.map((row) => [
      row.idempotency_key as string,
      {
        fingerprint: row.fingerprint as Buffer,
        firstId: Number(row.first_id),
        answer: row.answer as string | null,
        term: row.term as string | null,
        at: row.at as Date | null,
      },
    ]),
  );
}

export function keysOf({ units }: PendingAppend): readonly string[] {
  return units.some(({ keys }) => keys !== undefined)
    ? units.flatMap(({ keys = [] }) => keys.map(({ value }) => value))
    : NO_KEYS;
}

const NO_KEYS: readonly string[] = [];

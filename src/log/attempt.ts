import { randomUUID } from 'node:crypto';
import type { Connection, ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import { appendStatement, rowCount, type Unit } from './append-statement.ts';

/** Lifetime of an attempt's key, in ms: far longer than an attempt is retried. */
const KEY_MS = 10 * 60_000;

/** Outcome of a unit: the position of its first row, and whether an earlier append had written it. */
export interface Appended {
  readonly firstId: number;
  readonly duplicate: boolean;
}

/** One caller's units, appended in one transaction or not at all. */
export interface Submission {
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
 * either commits now, or fails on its key and is found to have committed before. Its time is fixed, too, because a retry
 * must describe the same rows.
 */
export interface Attempt {
  readonly members: readonly Submission[];
  readonly key: string;
  readonly at: Date;
}

export function newAttempt(members: readonly Submission[]): Attempt {
  return { members, key: `batch:${randomUUID()}`, at: new Date() };
}

/** Sends the units that have no answer yet. Resolves after COMMIT with the position of the first row. */
export async function sendAttempt(connection: Connection, { members, key, at }: Attempt): Promise<number> {
  const own: Unit = { drafts: [], keys: [{ value: key, fingerprint: Buffer.alloc(32), keepMs: KEY_MS }] };
  const pending = members.flatMap((member) => member.units.filter((_, index) => !member.answers[index]));
  const { sql, headAt } = appendStatement([own, ...pending], at);
  const [results] = await connection.query(sql);
  const moved = (results as unknown as ResultSetHeader[])[headAt];
  if (moved?.affectedRows !== 1) throw new Error('the log has no head');
  return moved.insertId - pending.reduce((sum, unit) => sum + rowCount(unit), 0) + 1;
}

/** Stored idempotency key. */
export interface KnownKey {
  readonly fingerprint: Buffer;
  readonly firstId: number;
}

/** Reads which keys of an attempt, including its own, were used before. */
export async function findKeys(connection: Connection, attempt: Attempt): Promise<Map<string, KnownKey>> {
  const keys = attempt.members.flatMap(keysOf);
  const [rows] = await connection.query<RowDataPacket[]>(
    'SELECT idempotency_key, fingerprint, first_id FROM log_key WHERE idempotency_key IN (?)',
    [[attempt.key, ...keys]],
  );
  return new Map(
    rows.map((row) => [
      row.idempotency_key as string,
      { fingerprint: row.fingerprint as Buffer, firstId: Number(row.first_id) },
    ]),
  );
}

export function keysOf(submission: Submission): string[] {
  return submission.units.flatMap((unit) => (unit.keys ?? []).map(({ value }) => value));
}

import { randomUUID } from 'node:crypto';
import type { Connection, ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import { appendStatement, rowCount, type Unit } from './append-statement.ts';

/** How long the key of an attempt is kept: far longer than any repeat of it may last. */
const KEY_MS = 10 * 60_000;

/** What became of a unit: the position of its first row, and whether an earlier append had put it there. */
export interface Appended {
  readonly firstId: number;
  readonly duplicate: boolean;
}

/** One caller's units: appended in one transaction, or none of them. */
export interface Submission {
  readonly units: readonly Unit[];
  readonly bytes: number;
  readonly rows: number;
  /** When its caller is told that it took too long (`performance.now()`). */
  readonly deadline: number;
  /** Its caller was told so. It is appended only if it was sent before. */
  late: boolean;
  /** Per unit, in order; a unit that was appended before is answered while others still wait. */
  readonly answers: (Appended | undefined)[];
  resolve(answers: Appended[]): void;
  reject(error: unknown): void;
}

/**
 * One transaction on its way into the log. It carries a key of its own, so that one whose COMMIT got no answer is simply
 * sent again: it either commits now, or fails on its key and is found to have committed before. The time belongs to it
 * as well, since a repeat of an append that did commit must describe the same rows.
 */
export interface Attempt {
  readonly members: readonly Submission[];
  readonly key: string;
  readonly at: Date;
}

export function newAttempt(members: readonly Submission[]): Attempt {
  return { members, key: `batch:${randomUUID()}`, at: new Date() };
}

/** Sends what is still to be appended and returns the position of its first row, committed. */
export async function send(connection: Connection, { members, key, at }: Attempt): Promise<number> {
  const own: Unit = { drafts: [], keys: [{ value: key, fingerprint: Buffer.alloc(32), keepMs: KEY_MS }] };
  const pending = members.flatMap((member) => member.units.filter((_, index) => !member.answers[index]));
  const { sql, headAt } = appendStatement([own, ...pending], at);
  const [results] = await connection.query(sql);
  const moved = (results as unknown as ResultSetHeader[])[headAt];
  if (moved?.affectedRows !== 1) throw new Error('the log has no head');
  return moved.insertId - pending.reduce((sum, unit) => sum + rowCount(unit), 0) + 1;
}

/** What is known of a key that was used before. */
export interface KnownKey {
  readonly fingerprint: Buffer;
  readonly firstId: number;
}

/** Which keys of an attempt, its own among them, were used before. */
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

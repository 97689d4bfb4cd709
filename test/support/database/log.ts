import type { Connection } from 'mysql2/promise';
import { expect } from 'vitest';
import type { Database } from '../../../src/db/database.ts';
import { prepare } from '../../../src/events/prepare.ts';
import type { Unit } from '../../../src/log/append-statement.ts';
import { Appender, type AppenderOptions } from '../../../src/log/appender.ts';
import { Follower, type FollowerOptions, type LogFault } from '../../../src/log/follower.ts';
import { readHead, readRange } from '../../../src/log/reader.ts';
import type { LogRow } from '../../../src/log/row.ts';
import { until } from '../until.ts';

/** What is appended for one announcement to everybody: one row that says `message`. */
export function unitOf(message: string, key?: string, body = message): Unit {
  return {
    drafts: [prepare('ANNOUNCEMENT', { title: 'Title', message })],
    ...(key === undefined
      ? {}
      : {
          keys: [
            {
              value: `key:${key}`,
              fingerprint: Buffer.from(body.padEnd(32)).subarray(0, 32),
              keepMs: 60_000,
            },
          ],
        }),
  };
}

/** Three rows: a player's, a problem's and a contest's. */
export function solvedBy(playerId: number): Unit {
  return { drafts: [prepare('PROBLEM_SOLVED', { playerId, problemId: 5, contestId: 3 })] };
}

/** An appender that waits for a slow machine, unless the options say otherwise. */
export function openAppender(database: Database, options: Partial<AppenderOptions> = {}): Appender {
  return new Appender({
    connect: () => database.connect({ multipleStatements: true }),
    onCommitted: () => {},
    patienceMs: 30_000,
    ...options,
  });
}

/** Appends each text under a key of its own, as often as it takes: whatever became of an earlier try, it is there once. */
export async function appendAtLast(appender: Appender, ...texts: string[]): Promise<void> {
  await until(async () => {
    const calls = texts.map((text) => appender.append([unitOf(text, text)]));
    return (await Promise.allSettled(calls)).every((result) => result.status === 'fulfilled');
  });
}

/** Every row of the log. */
export const wholeLog = (database: Database): Promise<LogRow[]> =>
  readRange(database.query, 0, Number.MAX_SAFE_INTEGER, 1_000_000);

export const messagesIn = async (database: Database): Promise<string[]> =>
  (await wholeLog(database)).map((row) => row.message);

/** The log has no gap, and its head is its last row. */
export async function expectGapless(database: Database, after = 0): Promise<void> {
  const ids = (await wholeLog(database)).map((row) => row.id).filter((id) => id > after);
  expect(ids).toEqual(ids.map((_, index) => after + index + 1));
  expect((await readHead(database.query)).head).toBe(after + ids.length);
}

/** A follower with all that it ever said. */
export interface Followed {
  readonly follower: Follower;
  readonly rows: LogRow[];
  readonly faults: LogFault[];
  readonly errors: unknown[];
  /** Its connections, the newest last. */
  readonly connections: Connection[];
}

export async function follow(database: Database, options: Partial<FollowerOptions> = {}): Promise<Followed> {
  const rows: LogRow[] = [];
  const faults: LogFault[] = [];
  const errors: unknown[] = [];
  const connections: Connection[] = [];
  const follower = new Follower({
    connect: async () => {
      const connection = await (options.connect?.() ?? database.connect());
      connections.push(connection);
      return connection;
    },
    onRows: (ready) => rows.push(...ready),
    onReset: (fault) => faults.push(fault),
    onError: (error) => errors.push(error),
    pollMs: { busy: 2, idle: 20 },
    ...(options.pollMs ? { pollMs: options.pollMs } : {}),
    ...(options.onServerChanged ? { onServerChanged: options.onServerChanged } : {}),
    ...(options.hinted ? { hinted: options.hinted } : {}),
  });
  await follower.start();
  return { follower, rows, faults, errors, connections };
}

/** An empty log in a database that other tests have used. */
export async function resetLog(database: Database): Promise<void> {
  for (const table of ['notification', 'notification_receipt', 'activity_log', 'log_key'])
    await database.execute(`DELETE FROM ${table}`);
  await database.execute('DELETE FROM log_term');
  await database.execute(
    "INSERT INTO log_term (term, number, first_id, begun_at) VALUES ('k7f2', 1, 0, NOW(3))",
  );
  await database.execute(
    "UPDATE log_head SET head = 0, epoch = 'k7f2', tag = NULL, tagged_head = NULL WHERE id = 1",
  );
  await database.execute('UPDATE log_tail SET tail = 1');
}

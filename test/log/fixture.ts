import type { Connection } from 'mysql2/promise';
import { afterAll, afterEach, beforeEach } from 'vitest';
import { type Database, openDatabase } from '../../src/db/database.ts';
import type { Appended, Appender, AppenderOptions } from '../../src/log/appender.ts';
import type { FollowerOptions } from '../../src/log/follower.ts';
import type { LogRow } from '../../src/log/row.ts';
import { Problem } from '../../src/protocol/problem.ts';
import { onServer, prepareDatabase } from '../support/database/database.ts';
import { type DatabaseProxy, startDatabaseProxy } from '../support/database/database-proxy.ts';
import { type Followed, follow, openAppender, resetLog, unitOf } from '../support/database/log.ts';
import { openPlatformSession } from '../support/database/platform-session.ts';

export interface LogFixture {
  readonly url: string;
  readonly database: Database;
  /** An appender, closed after the test. */
  appending(options?: Partial<AppenderOptions>, over?: Database): Appender;
  /** A follower, closed after the test. */
  following(options?: Partial<FollowerOptions>): Promise<Followed>;
  /** Appends rows as another node does: no follower of this process is informed. */
  appendElsewhere(count: number): Promise<void>;
  /** The same database at another URL, closed after the test. */
  reachedAt(url: string): Database;
  /** The same database behind a proxy, closed after the test. */
  proxied(): Promise<{ readonly proxy: DatabaseProxy; readonly over: Database }>;
  /** A connection as any other program has it, ended after the test. */
  otherProgram(): Promise<Connection>;
  /** Runs after the test; the last first. */
  closing(close: () => Promise<unknown>): void;
}

/** A database of the file's own with an empty log for each test. */
export function prepareLog(): LogFixture {
  const { url, database } = prepareDatabase();
  const closers: (() => Promise<unknown>)[] = [];
  const closing = (close: () => Promise<unknown>) => void closers.push(close);
  let elsewhere: Appender | undefined;
  beforeEach(() => resetLog(database));
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });
  afterAll(() => elsewhere?.close());

  const reachedAt = (at: string) => {
    const over = openDatabase({ url: at });
    closing(() => over.close());
    return over;
  };
  return {
    url,
    database,
    appending(options, over = database) {
      const appender = openAppender(over, options);
      closing(() => appender.close());
      return appender;
    },
    async following(options) {
      const followed = await follow(database, options);
      closing(() => followed.follower.close());
      return followed;
    },
    async appendElsewhere(count) {
      elsewhere ??= openAppender(database);
      for (let i = 0; i < count; i++) await elsewhere.append([unitOf(`message ${i}`)]);
    },
    reachedAt,
    async proxied() {
      const proxy = await startDatabaseProxy(url);
      closing(() => proxy.close());
      return { proxy, over: reachedAt(proxy.url) };
    },
    async otherProgram() {
      const { connection, close } = await openPlatformSession(url);
      closing(async () => close());
      return connection;
    },
    closing,
  };
}

export const ids = (rows: readonly LogRow[]): number[] => rows.map((row) => row.id);

export const range = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

/** Ends a connection from the server's side. */
export const kill = (connection: Connection | undefined): Promise<unknown> =>
  onServer((server) => server.query(`KILL ${connection?.threadId}`).catch(() => {}));

export const codeOf = (error: unknown): unknown => (error instanceof Problem ? error.code : error);

/** `appended`, or the code of the problem that each call ended with. */
export const outcomes = async (calls: readonly Promise<Appended[]>[]): Promise<unknown[]> =>
  (await Promise.allSettled(calls)).map((result) =>
    result.status === 'fulfilled' ? 'appended' : codeOf(result.reason),
  );

/** Adds an event to the outbox. Returns its id. */
export async function outboxRow(database: Database, type: string): Promise<number> {
  const { insertId } = await database.execute(
    "INSERT INTO event_outbox (type, payload, created_at) VALUES (?, '{}', UTC_TIMESTAMP(3))",
    [type],
  );
  return insertId;
}

/** What an append is answered while the database is away. */
export const unavailable = { code: 'database-unavailable', status: 503 };

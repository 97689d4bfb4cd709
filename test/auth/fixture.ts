import { type Auth, createAuth } from '../../src/auth/auth.ts';
import type { AuthRequest } from '../../src/auth/origin.ts';
import { loadConfig } from '../../src/config/config.ts';
import type { Database } from '../../src/db/database.ts';
import { prepareDatabase } from '../support/database/database.ts';

export const SECRET = 'q7Jx2mV9rT4wZ8bN5cK1';
const HEARTBEAT_TIMEOUT_MS = 60_000;

/** A database for the tests of a file, and what watches its queries. */
export interface Fixture {
  readonly database: Database;
  /** Statements that were sent through `counted` so far. */
  readonly queries: () => number;
  /** Rows that they returned. */
  readonly rows: () => number;
  readonly counted: Pick<Database, 'query' | 'execute'>;
  /** A fresh `Auth`, with empty caches. Time passes for them as on `now`, unless there is a `monotonic`. */
  auth(options?: { now?: () => number; monotonic?: () => number; env?: Record<string, string> }): Auth;
}

export function useFixture(): Fixture {
  const { database } = prepareDatabase();
  let queries = 0;
  let rows = 0;
  const counted: Pick<Database, 'query' | 'execute'> = {
    async query<T>(sql: string, values?: readonly unknown[]) {
      queries++;
      const found = await database.query<T>(sql, values);
      rows += found.length;
      return found;
    },
    execute: (sql, values) => database.execute(sql, values),
  };
  return {
    database,
    queries: () => queries,
    rows: () => rows,
    counted,
    auth({ now, monotonic = now, env = {} } = {}) {
      const { auth, http } = loadConfig({ JWT_SECRET: SECRET, ...env });
      return createAuth({
        auth,
        http,
        database: counted,
        heartbeatTimeoutMs: HEARTBEAT_TIMEOUT_MS,
        ...(now === undefined ? {} : { now }),
        ...(monotonic === undefined ? {} : { monotonic }),
      });
    },
  };
}

/** A request as the HTTP layer hands it on. */
export function request(
  options: { headers?: Record<string, string>; path?: string; method?: string; origin?: string } = {},
): AuthRequest {
  const url = new URL(options.path ?? '/streams/global', options.origin ?? 'http://live.example');
  return {
    headers: new Headers({ host: url.host, ...options.headers }),
    url,
    method: options.method ?? 'GET',
  };
}

export const bearer = (token: string) => request({ headers: { authorization: `Bearer ${token}` } });
export const withTicket = (ticket: string) => request({ path: `/streams/global?ticket=${ticket}` });

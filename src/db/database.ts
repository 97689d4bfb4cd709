import { drizzle, type MySql2Database } from 'drizzle-orm/mysql2';
import type { Connection, QueryOptions, ResultSetHeader } from 'mysql2/promise';
import { connect } from './connect.ts';
import { ConnectionPool, type Lease } from './pool.ts';
import * as schema from './schema.ts';
import { inTransaction } from './transaction.ts';
import { parseDatabaseUrl } from './url.ts';

/** Drizzle's query builder. Transactions go through `Database.transaction` alone: drizzle's own leak connections. */
type Orm = Omit<MySql2Database<typeof schema>, 'transaction'>;

/** Placeholders are `?`. Values are escaped by the driver: never build SQL by joining strings. */
export interface Queries {
  /** The rows; of a CALL, those of its first result set. */
  query<T = Record<string, unknown>>(sql: string, values?: readonly unknown[]): Promise<T[]>;
  /** For statements without rows. `affectedRows` counts the rows found, `changedRows` those that became different. */
  execute(sql: string, values?: readonly unknown[]): Promise<ResultSetHeader>;
  readonly orm: Orm;
}

/** All statements run on one connection, inside one transaction; useless once it has ended. */
export type Transaction = Queries;

export interface Flavour {
  readonly kind: 'mariadb' | 'mysql';
  readonly version: string;
}

interface ConnectSettings {
  readonly multipleStatements?: boolean;
  /** How long the server lets one statement run, in ms; 0: for ever. Default: as the pool's connections. */
  readonly statementTimeoutMs?: number;
}

/**
 * Errors of the server are passed on as the driver threw them (`errnoOf`, `isUnavailable` and `asProblem` in errors.ts
 * read them); the lack of a connection is a `Problem` already.
 */
export interface Database extends Queries {
  /** The name of the database that the URL names. */
  readonly name: string;
  /**
   * READ COMMITTED. `run` is called again after a deadlock and the like, so it must have no effects of its own.
   * A connection lost during COMMIT leaves the outcome unknown, and its error is thrown.
   */
  transaction<T>(run: (tx: Transaction) => Promise<T>): Promise<T>;
  /** A connection of the caller's own, with the same session settings. The caller ends it, and bounds its waits. */
  connect(settings?: ConnectSettings): Promise<Connection>;
  flavour(): Promise<Flavour>;
  /** Waits up to 3 s for what is under way. */
  close(): Promise<void>;
}

export interface DatabaseOptions {
  /** `mysql://user:password@host:port/database`, see `parseDatabaseUrl`. */
  readonly url: string;
  /** Connections at most; default 10. */
  readonly poolSize?: number;
  /** How long to wait for a connection, in ms; default 2000. */
  readonly acquireTimeoutMs?: number;
  /** How long one statement may take, in ms; default 5000. */
  readonly statementTimeoutMs?: number;
}

/**
 * Opens nothing yet: the first query does.
 *
 * @throws TypeError when the URL cannot be read.
 */
export function openDatabase(options: DatabaseOptions): Database {
  const { database: name } = parseDatabaseUrl(options.url);
  const acquireTimeoutMs = options.acquireTimeoutMs ?? 2000;
  const connectOptions = {
    url: options.url,
    connectTimeoutMs: acquireTimeoutMs,
    statementTimeoutMs: options.statementTimeoutMs ?? 5000,
  };
  const pool = new ConnectionPool({ ...connectOptions, size: options.poolSize ?? 10, acquireTimeoutMs });
  let flavour: Promise<Flavour> | undefined;

  const pooled = queriesOver(async (query) => {
    const lease = await pool.acquire();
    try {
      return await lease.query(query);
    } finally {
      lease.release();
    }
  });

  return {
    name,
    ...pooled,
    transaction: (run) => inTransaction(pool, (lease) => run(queriesOver((query) => lease.query(query)))),
    connect: (settings = {}) => connect({ ...connectOptions, ...settings }),
    flavour() {
      flavour ??= readFlavour(pooled).catch((error: unknown) => {
        flavour = undefined;
        throw error;
      });
      return flavour;
    },
    close: () => pool.close(),
  };
}

type Send = (query: QueryOptions) => ReturnType<Lease['query']>;

function queriesOver(send: Send): Queries {
  let orm: Orm | undefined;
  return {
    async query<T>(sql: string, values?: readonly unknown[]) {
      const [result] = await send(values === undefined ? { sql } : { sql, values: [...values] });
      if (!Array.isArray(result)) return [];
      return (Array.isArray(result[0]) ? result[0] : result) as T[];
    },
    async execute(sql, values) {
      const [result] = await send(values === undefined ? { sql } : { sql, values: [...values] });
      return (Array.isArray(result) ? result.at(-1) : result) as ResultSetHeader;
    },
    get orm() {
      orm ??= ormOver(send);
      return orm;
    },
  };
}

/** Of a connection drizzle uses `query` alone, as long as its transactions are not used. */
function ormOver(send: Send): Orm {
  const client = {
    query: (query: QueryOptions, values?: unknown[]) =>
      send(values === undefined ? query : { ...query, values }),
  };
  const orm = drizzle(client as unknown as Connection, { schema, mode: 'default' });
  return Object.assign(orm, {
    transaction: () => Promise.reject(new Error('Use Database.transaction.')),
  });
}

async function readFlavour(database: Queries): Promise<Flavour> {
  const [row] = await database.query<{ version: string }>('SELECT VERSION() AS version');
  const version = row?.version ?? '';
  const kind = /mariadb/i.test(version) ? 'mariadb' : 'mysql';
  return { kind, version: /^(?:5\.5\.5-)?(\d+(?:\.\d+)+)/.exec(version)?.[1] ?? version };
}

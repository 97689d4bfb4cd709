import { drizzle, type MySql2Database } from 'drizzle-orm/mysql2';
import type { Connection, QueryOptions, ResultSetHeader } from 'mysql2/promise';
import { openConnection } from './connect.ts';
import { wasIdleTooLong } from './errors.ts';
import { breakConnection, onceClosed } from './keep-alive.ts';
import { ConnectionPool, type Lease } from './pool.ts';
import * as schema from './schema.ts';
import { markTimestamps } from './timestamp.ts';
import { inSnapshot, inTransaction } from './transaction.ts';
import { parseDatabaseUrl } from './url.ts';

/** Drizzle's query builder, without its transactions, which leak connections: use `Database.transaction`. */
type Orm = Omit<MySql2Database<typeof schema>, 'transaction'>;

/** Statements with `?` placeholders. The driver escapes values: never build SQL by joining strings. */
export interface Queries {
  /** Returns the rows; of a CALL, those of its first result set. Values of TIMESTAMP columns are a `Timestamp`. */
  query<T = Record<string, unknown>>(sql: string, values?: readonly unknown[]): Promise<T[]>;
  /** Runs a statement without rows. `affectedRows` counts the rows matched, `changedRows` those that changed. */
  execute(sql: string, values?: readonly unknown[]): Promise<ResultSetHeader>;
  readonly orm: Orm;
}

/** Queries inside one transaction, on one connection; they fail once it has ended. */
export type Transaction = Queries;

/** Kind and version of the server. */
export interface Flavour {
  readonly kind: 'mariadb' | 'mysql';
  readonly version: string;
}

interface ConnectSettings {
  readonly multipleStatements?: boolean;
  /** Max duration of a statement on the server, in ms; 0: unlimited. Default: as the pool's connections. */
  readonly statementTimeoutMs?: number;
  /** Whether `renew` breaks it. Default: false. */
  readonly renewed?: boolean;
}

/**
 * Connection pool of one database. Errors of the server are thrown as the driver's (read them with `errnoOf`,
 * `isUnavailable` and `asProblem` of errors.ts); the lack of a connection is a `Problem`.
 */
export interface Database extends Queries {
  /** Name of the database. */
  readonly name: string;
  /**
   * Runs `run` in a READ COMMITTED transaction. `run` is repeated after a deadlock and the like: it must have no other
   * effects. A connection lost during COMMIT leaves the outcome unknown, and its error is thrown.
   */
  transaction<T>(run: (tx: Transaction) => Promise<T>): Promise<T>;
  /**
   * Runs `run` in a read-only transaction whose statements all read the tables as at its beginning. It waits for no lock of
   * a row and takes none; until it ends, the definitions of the tables that it has read cannot be altered. `run` is repeated
   * as by `transaction`.
   */
  snapshot<T>(run: (tx: Pick<Queries, 'query'>) => Promise<T>): Promise<T>;
  /** Opens a connection for the caller alone, with the same session settings. The caller ends it, and bounds its waits. */
  connect(settings?: ConnectSettings): Promise<Connection>;
  flavour(): Promise<Flavour>;
  /** Time for which all pooled connections have been in use and none has become free, in ms; 0 where one is free. */
  readonly stalledMs: number;
  /**
   * Opens every pooled connection anew, for a server that was exchanged: what is under way ends on the old one. Breaks the
   * connections of `connect` that asked for it.
   */
  renew(): void;
  /** Waits up to 3 s for queries under way, and closes all connections. */
  close(): Promise<void>;
}

export interface DatabaseOptions {
  /** `mysql://user:password@host:port/database`, see `parseDatabaseUrl`. */
  readonly url: string;
  /** Max connections; default 10. */
  readonly poolSize?: number;
  /** Max wait for a connection, in ms; default 2000. */
  readonly acquireTimeoutMs?: number;
  /** Max duration of a statement, in ms; default 5000. */
  readonly statementTimeoutMs?: number;
  /** Max wait for the lock of a row, in whole s; default 3. */
  readonly rowWaitS?: number;
}

/**
 * Makes the pool; the first query opens a connection.
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
    ...(options.rowWaitS === undefined ? {} : { rowWaitS: options.rowWaitS }),
  };
  const pool = new ConnectionPool({ ...connectOptions, size: options.poolSize ?? 10, acquireTimeoutMs });
  let flavour: Promise<Flavour> | undefined;
  /** Connections that `renew` breaks. */
  const dedicated = new Set<Connection>();
  let renewal = 0;

  function leave(connection: Connection): void {
    dedicated.delete(connection);
    breakConnection(connection, new Error('another database server answers: this connection was left'));
  }

  const queryOnce: Send = async (query) => {
    const lease = await pool.acquire();
    try {
      return await lease.query(query);
    } finally {
      lease.release();
    }
  };
  const pooled = queriesOver(async (query) => {
    try {
      return await queryOnce(query);
    } catch (error) {
      if (!wasIdleTooLong(error)) throw error;
      return await queryOnce(query);
    }
  });

  return {
    name,
    ...pooled,
    transaction: (run) => inTransaction(pool, (lease) => run(queriesOver((query) => lease.query(query)))),
    snapshot: (run) => inSnapshot(pool, (lease) => run(queriesOver((query) => lease.query(query)))),
    async connect({ renewed = false, ...settings } = {}) {
      const renewals = renewal;
      const connection = await openConnection({ ...connectOptions, ...settings });
      if (!renewed) return connection;
      dedicated.add(connection);
      onceClosed(connection, () => dedicated.delete(connection));
      if (renewals !== renewal) leave(connection);
      return connection;
    },
    flavour() {
      flavour ??= readFlavour(pooled).catch((error: unknown) => {
        flavour = undefined;
        throw error;
      });
      return flavour;
    },
    renew() {
      renewal += 1;
      pool.renew();
      for (const connection of dedicated) leave(connection);
    },
    get stalledMs() {
      return pool.stalledMs;
    },
    close: () => pool.close(),
  };
}

type Send = (query: QueryOptions) => ReturnType<Lease['query']>;

function queriesOver(send: Send): Queries {
  let orm: Orm | undefined;
  return {
    async query<T>(sql: string, values?: readonly unknown[]) {
      const [result, fields] = await send(values === undefined ? { sql } : { sql, values: [...values] });
      if (!Array.isArray(result)) return [];
      if (Array.isArray(result[0])) return result[0] as T[];
      markTimestamps(result, fields);
      return result as T[];
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

/** Drizzle over `query` alone: it uses nothing else of a connection outside its own transactions. */
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

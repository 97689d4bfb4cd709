import type { Socket } from 'node:net';
import { type Connection, createConnection, type QueryOptions } from 'mysql2/promise';
import { parseDatabaseUrl } from './url.ts';

export interface ConnectOptions {
  readonly url: string;
  /** How long the connection may take to be there, in ms. */
  readonly connectTimeoutMs: number;
  /** How long the server lets one statement run, in ms (on MySQL: reads only). 0: for ever. */
  readonly statementTimeoutMs: number;
  readonly multipleStatements?: boolean;
}

/**
 * What every session of ours assumes. Comments `/*M!` are read by MariaDB alone, `/*!50708` by MySQL alone (MariaDB
 * skips the versions from 5.7 on). Escaping relies on backslash escapes, which this sql_mode leaves on.
 */
const sessionSettings = (statementTimeoutMs: number): string[] => [
  'SET NAMES utf8mb4 COLLATE utf8mb4_unicode_ci',
  'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
  `SET SESSION time_zone = '+00:00', SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION',
    SESSION innodb_lock_wait_timeout = 3
    /*M!100300 , SESSION idle_write_transaction_timeout = 2, SESSION max_statement_time = ${statementTimeoutMs / 1000} */
    /*!50708 , SESSION max_execution_time = ${statementTimeoutMs} */`,
];

/**
 * A new connection with our session settings. JSON columns come back as the text that was stored, DATETIME as a `Date`
 * in UTC, BIGINT as a number (a string beyond 2^53), DECIMAL as a string. A plain object as a value is refused its
 * `key = value` expansion, so that nothing from a request can turn into SQL.
 */
export async function connect(options: ConnectOptions): Promise<Connection> {
  const connection = await createConnection({
    ...parseDatabaseUrl(options.url),
    charset: 'utf8mb4_unicode_ci',
    timezone: 'Z',
    supportBigNumbers: true,
    bigNumberStrings: false,
    jsonStrings: true,
    stringifyObjects: true,
    multipleStatements: options.multipleStatements ?? false,
    connectTimeout: options.connectTimeoutMs,
    enableKeepAlive: true,
    keepAliveInitialDelay: 10_000,
  });
  destroyForGood(connection);
  // A connection that breaks while idle emits `error`; without a listener that would end the process.
  connection.on('error', () => {});
  try {
    for (const sql of sessionSettings(options.statementTimeoutMs)) {
      await connection.query({ sql, timeout: options.connectTimeoutMs } satisfies QueryOptions);
    }
    return connection;
  } catch (error) {
    connection.destroy();
    throw error;
  }
}

/**
 * Makes `destroy` close the socket. mysql2's own only says that it has nothing more to send, and keeps the socket for as
 * long as a server that hangs does not answer that. A query under way stays unanswered until its bound, which would keep
 * a process that is done from ending.
 */
function destroyForGood(connection: Connection): void {
  const core = (connection as unknown as { connection: Core }).connection;
  const destroy = connection.destroy.bind(connection);
  connection.destroy = () => {
    destroy();
    core.stream.destroy();
    core._command?.queryTimeout?.unref();
  };
}

/** What of mysql2's inside is needed for it. */
interface Core {
  readonly stream: Socket;
  readonly _command?: { readonly queryTimeout?: NodeJS.Timeout | null };
}

import type { Socket } from 'node:net';
import { type Connection, createConnection } from 'mysql2/promise';
import { answeredWithin } from '../util/answered-within.ts';
import { keepAlive, SILENCE_S } from './keep-alive.ts';
import { parseDatabaseUrl } from './url.ts';

export interface DatabaseConnectOptions {
  readonly url: string;
  /** Max time to open the connection, in ms. */
  readonly connectTimeoutMs: number;
  /** Max duration of a statement on the server, in ms (on MySQL: of reads only). 0: unlimited. */
  readonly statementTimeoutMs: number;
  readonly multipleStatements?: boolean;
  /** Max wait for the lock of a row, in whole s; default 3. */
  readonly rowWaitS?: number;
}

/** Max wait for a lock, of a row or of a table's definition, in s. A read lock for a backup counts as the latter. */
export const LOCK_WAIT_S = 3;

/**
 * Settings that the code assumes of every session. A session whose client is silent is ended within 3 s, wherever that
 * client stopped: in a transaction, after a failed statement, or while it is sent a result. Comments `/*M!` are read by MariaDB alone, `/*!50708` by MySQL alone (MariaDB
 * skips the versions from 5.7 on). Escaping relies on backslash escapes, which this sql_mode leaves on.
 */
const sessionSettings = ({
  statementTimeoutMs,
  rowWaitS = LOCK_WAIT_S,
}: DatabaseConnectOptions): string[] => [
  'SET NAMES utf8mb4 COLLATE utf8mb4_unicode_ci',
  'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
  `SET SESSION autocommit = 1, SESSION sql_safe_updates = 0, SESSION time_zone = '+00:00', SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION',
    SESSION innodb_lock_wait_timeout = ${rowWaitS}, SESSION lock_wait_timeout = ${LOCK_WAIT_S},
    SESSION net_read_timeout = ${SILENCE_S}, SESSION net_write_timeout = ${SILENCE_S}
    /*M!100300 , SESSION idle_transaction_timeout = 2, SESSION idle_write_transaction_timeout = 2,
      SESSION idle_readonly_transaction_timeout = 2, SESSION max_statement_time = ${statementTimeoutMs / 1000} */
    /*!50708 , SESSION wait_timeout = ${SILENCE_S}, SESSION max_execution_time = ${statementTimeoutMs} */`,
];

/**
 * Opens a connection with our session settings. JSON columns are returned as the stored text, DATETIME as a `Date` in UTC,
 * BIGINT as a number (a string beyond 2^53), DECIMAL as a string. A plain object as a value is not expanded to
 * `key = value`, so that nothing from a request can become SQL.
 */
export async function openConnection(options: DatabaseConnectOptions): Promise<Connection> {
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
    // Without a stack trace taken for each query.
    trace: false,
    enableKeepAlive: true,
    keepAliveInitialDelay: 10_000,
  });
  destroyForGood(connection);
  // A connection that breaks while idle emits `error`, which would end the process without a listener.
  connection.on('error', () => {});
  try {
    for (const sql of sessionSettings(options)) {
      await answeredWithin(connection.query(sql), options.connectTimeoutMs);
    }
    // MariaDB ends idle transactions by settings of their own, and needs no pings.
    if (!isMariaDb(connection)) keepAlive(connection);
    return connection;
  } catch (error) {
    connection.destroy();
    throw error;
  }
}

/**
 * Makes `destroy` close the socket. mysql2's own only ends the writing side, and keeps the socket while a hanging server
 * does not answer. The time-out of a query under way would also keep the process from exiting.
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

/** Whether the server is a MariaDB, by its handshake. */
export function isMariaDb(connection: Connection): boolean {
  const core = (connection as unknown as { connection: Core }).connection;
  return /mariadb/i.test(core._handshakePacket?.serverVersion ?? '');
}

/** Internals of mysql2 that this needs. */
interface Core {
  readonly stream: Socket;
  readonly _command?: { readonly queryTimeout?: NodeJS.Timeout | null };
  readonly _handshakePacket?: { readonly serverVersion?: string } | null;
}

import { Problem } from '../protocol/problem.ts';

/** The server rolled the transaction back, or asks for a rollback: run it again. */
const RETRYABLE = new Set([
  1020, // record has changed since last read (snapshot isolation)
  1205, // lock wait timeout
  1213, // deadlock; with Galera and Group Replication also a failed certification
  1412, // a table was altered after the snapshot that is read
  3101, // rolled back by a replication plugin
  3572, // MySQL: locked, and NOWAIT was asked for; on MariaDB 1205
]);

const LOCKED = new Set([1205, 3572]);

/** The server ended a statement that took too long. */
const TIMED_OUT = new Set([1317, 1969, 3024]);

/** The server cannot serve us now, or has closed the connection. */
const UNAVAILABLE = new Set([
  1040, // too many connections
  1047, // a Galera node that is not ready
  1053, // shutdown in progress
  1080, // forcing close of a thread
  1129, // host blocked after connection errors
  1152, // aborted connection
  1158,
  1159,
  1160,
  1161, // network errors seen by the server
  1184, // aborted new connection
  1203, // the user's connections are all taken
  1226, // a resource limit of the user
  1927, // MariaDB: connection was killed
  3032, // offline mode
  3168, // server is not available
  4031, // MySQL: disconnected for inactivity
]);

/** The server takes no writes: a failover may be under way, so another connection may lead to another server. */
const READ_ONLY = new Set([
  1223, // MariaDB, MySQL: a global read lock of this session
  1290, // started with --read-only
  1792, // read-only transaction
  1836, // read-only mode
  1874, // InnoDB is in read-only mode
]);

/** The server can neither store nor read what it is asked to, whatever the values are. */
const STORAGE = new Set([
  ...READ_ONLY,
  // Space and memory.
  3, // error writing a file
  20, // disk full while writing a file
  28, // no space left on device
  30, // read-only file system
  1021, // disk full
  1026, // error writing a file
  1030, // the storage engine's own error, 28 among them
  1037, // out of memory
  1038, // out of sort memory
  1041, // out of resources
  1114, // the table is full
  1135, // cannot create a thread
  1197, // the transaction exceeds max_binlog_cache_size
  1206, // the lock table is full
  1637, // too many active transactions
  1878, // a temporary file cannot be written
  3019, // the undo tablespace is full
  // Files and tables.
  5, // a file cannot be opened
  29, // a file is missing
  1015,
  1016,
  1017, // a table's file is missing, or cannot be opened
  1034,
  1035, // a broken index file
  1036, // the table is read only
  1049, // no such database
  1054, // no such column
  1146, // no such table
  1194,
  1195, // a crashed table
  1305, // no such procedure
  1356, // a view refers to what is gone, or may not be read
  1364, // a column that is not ours has no default
  1449, // the definer of a view, trigger or procedure does not exist
  1534,
  1598,
  1665, // the binary log cannot be written in this format
  1812,
  1814, // the tablespace is missing
  1932, // the table is missing in the engine
  // Rights.
  1044, // on the database
  1045, // user and password
  1142, // on the table
  1143, // on the column
  1227, // of an administrator
  1370, // on the procedure
  1698, // user without password
  1820,
  1862, // the password must be changed
  3118,
  4151, // the account is locked
]);

/** Messages of servers about space, writing and rights under numbers that are not listed. */
const SAYS_STORAGE =
  /\b(?:disk (?:is )?full|no space left|out of (?:disk )?space|quota exceeded|is full|read[- ]?only|(?:access|command) denied|permission denied|insufficient privileges?|Errcode: (?:28|30|122)\b)/i;
/** States of errors whose message holds no values of the statement: general ones, and refused logins. */
const WITHOUT_VALUES = new Set(['HY000', '28000']);

/** The values of the statement are refused: it fails again, wherever and whenever it is sent. */
const REFUSED_VALUES = new Set([
  1048, // NULL where there must be a value
  1264, // out of range
  1265, // data truncated
  1292, // truncated incorrect value
  1366, // incorrect string value
  1406, // data too long
  3140, // invalid JSON text
  3819, // MySQL: a CHECK failed
  4025, // MariaDB: a CHECK failed
]);

const UNREACHABLE = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
  'PROTOCOL_CONNECTION_LOST',
  'PROTOCOL_SEQUENCE_TIMEOUT',
]);

/** The account lacks a right; the server's message names it. */
const DENIED = new Set([1044, 1142, 1143, 1227, 1370]);

/** The statement exceeds max_allowed_packet, of the server or of a proxy before it; the connection is closed. */
const PACKET_TOO_LARGE = 1153;
const DUPLICATE = 1062;
const SYNTAX_ERROR = 1064;
const IDLE_TOO_LONG = 4031;
const MISSING_VALUE = 1048;

interface DriverError extends Error {
  errno?: unknown;
  code?: unknown;
  syscall?: unknown;
  fatal?: unknown;
  sqlMessage?: unknown;
  sqlState?: unknown;
  sql?: unknown;
}

/** The error and its causes, outermost first. */
function* chain(error: unknown): Generator<DriverError> {
  for (let at = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth += 1) yield at;
}

/** Error number of the server, found through `cause`; undefined for other errors. */
export function errnoOf(error: unknown): number | undefined {
  for (const { errno } of chain(error)) if (typeof errno === 'number' && errno > 0) return errno;
  return undefined;
}

/** Message of the server, without the statement; undefined for other errors. */
export function serverMessageOf(error: unknown): string | undefined {
  for (const { sqlMessage } of chain(error)) if (typeof sqlMessage === 'string') return sqlMessage;
  return undefined;
}

/** Reason for which TLS with the server failed; undefined for other errors. mysql2 gives it in the message only. */
export function tlsFailureOf(error: unknown): string | undefined {
  for (const { code, message } of chain(error)) if (code === 'HANDSHAKE_SSL_ERROR') return message;
  return undefined;
}

/** Whether the whole transaction may be run again. */
export function isRetryable(error: unknown): boolean {
  return RETRYABLE.has(errnoOf(error) ?? 0);
}

/** Whether another transaction holds the lock of a row, and kept it for as long as the statement was to wait. */
export function isLocked(error: unknown): boolean {
  return LOCKED.has(errnoOf(error) ?? 0);
}

/** Whether MySQL had ended the session for its silence before the statement came: it was not executed. */
export function wasIdleTooLong(error: unknown): boolean {
  return errnoOf(error) === IDLE_TOO_LONG;
}

/** Whether the account lacks a right that the statement needs. */
export function isDenied(error: unknown): boolean {
  return DENIED.has(errnoOf(error) ?? 0);
}

/** Whether a unique key already holds that value. */
export function isDuplicate(error: unknown): boolean {
  return errnoOf(error) === DUPLICATE;
}

/** Whether the server does not know the syntax of the statement. Nothing of it was run, but all before it in its packet. */
export function isSyntaxError(error: unknown): boolean {
  return errnoOf(error) === SYNTAX_ERROR;
}

/** Whether a column that must have a value was given NULL. */
export function isMissingValue(error: unknown): boolean {
  return errnoOf(error) === MISSING_VALUE;
}

/** Whether the server refuses the values of the statement, so that sending it again fails again. */
export function isRefusedValue(error: unknown): boolean {
  return REFUSED_VALUES.has(errnoOf(error) ?? 0);
}

/**
 * Whether the server cannot store or read, whatever the values are: no space, read-only, a right, table or column that is
 * missing. An operator has to mend it; the same statement succeeds afterwards.
 */
export function isStorageError(error: unknown): boolean {
  for (const { errno, sqlState, sqlMessage } of chain(error)) {
    if (typeof errno !== 'number' || errno <= 0) continue;
    if (STORAGE.has(errno)) return true;
    const open = typeof sqlState === 'string' && WITHOUT_VALUES.has(sqlState.replace('#', ''));
    return open && !isRefusedValue(error) && typeof sqlMessage === 'string' && SAYS_STORAGE.test(sqlMessage);
  }
  return false;
}

/** Whether the database is unreachable or cannot serve now. The outcome of a COMMIT is unknown then. */
export function isUnavailable(error: unknown): boolean {
  for (const at of chain(error)) {
    if (at instanceof Problem) return at.code === 'database-unavailable' || at.code === 'overloaded';
    if (typeof at.errno === 'number' && at.errno > 0)
      return UNAVAILABLE.has(at.errno) || READ_ONLY.has(at.errno);
    if (typeof at.code === 'string' && UNREACHABLE.has(at.code)) return true;
    if (at.code === 'ENOENT' && at.syscall === 'connect') return true;
    if (at.fatal === true) return true;
  }
  return false;
}

/**
 * Turns errors that the values of a statement do not cause into problems to be retried: `storage-unavailable` of what
 * `isStorageError` names, `database-unavailable` of the others; and a statement that exceeds max_allowed_packet into
 * `body-too-large`. Returns any other error unchanged.
 */
export function asProblem(error: unknown): unknown {
  if (error instanceof Problem) return error;
  if (isStorageError(error)) return new Problem('storage-unavailable', { retryAfter: 2, cause: error });
  if (errnoOf(error) === PACKET_TOO_LARGE) return new Problem('body-too-large', { cause: error });
  const transient = isUnavailable(error) || isRetryable(error) || TIMED_OUT.has(errnoOf(error) ?? 0);
  return transient ? new Problem('database-unavailable', { retryAfter: 1, cause: error }) : error;
}

/** Whether the connection is usable after this error. */
export function leavesConnectionGood(error: unknown): boolean {
  // Found before anything was sent.
  if (error instanceof Problem && error.code === 'body-too-large' && error.cause === undefined) return true;
  const errno = errnoOf(error);
  if (errno === undefined || errno === PACKET_TOO_LARGE) return false;
  if (UNAVAILABLE.has(errno) || READ_ONLY.has(errno)) return false;
  for (const { fatal } of chain(error)) if (fatal === true) return false;
  return true;
}

/** Removes the statement, which contains people's messages, from an error that is to be logged. */
export function withoutStatement(error: unknown): unknown {
  for (const at of chain(error)) delete at.sql;
  return error;
}

/** The database cannot be brought to this version's schema. The message names the cause and the remedy. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}

/** The server is older than what the statements need. The message names the version and the oldest that works. */
export class ServerVersionError extends Error {
  override readonly name = 'ServerVersionError';
}

/** The account may hold too few connections. The message names the least number. */
export class ConnectionLimitError extends Error {
  override readonly name = 'ConnectionLimitError';
}

/** The embedded database cannot be started. The message is for the operator of the service. */
export class EmbeddedDatabaseError extends Error {
  override readonly name = 'EmbeddedDatabaseError';
}

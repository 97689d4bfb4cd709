import { Problem } from '../protocol/problem.ts';

/** The server rolled the transaction back, or asks for a rollback: run it again. */
const RETRYABLE = new Set([
  1020, // record has changed since last read (snapshot isolation)
  1205, // lock wait timeout
  1213, // deadlock; with Galera and Group Replication also a failed certification
  3101, // rolled back by a replication plugin
]);

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
  1290, // started with --read-only: a failover is under way
  1792, // read-only transaction: the same
  1836, // read-only mode: the same
  1927, // MariaDB: connection was killed
  3032, // offline mode
  3168, // server is not available
  4031, // MySQL: disconnected for inactivity
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

const DUPLICATE = 1062;
const MISSING_VALUE = 1048;

interface DriverError extends Error {
  errno?: unknown;
  code?: unknown;
  syscall?: unknown;
  fatal?: unknown;
  sqlMessage?: unknown;
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

/** Whether a unique key already holds that value. */
export function isDuplicate(error: unknown): boolean {
  return errnoOf(error) === DUPLICATE;
}

/** Whether a column that must have a value was given NULL. */
export function isMissingValue(error: unknown): boolean {
  return errnoOf(error) === MISSING_VALUE;
}

/** Whether the database is unreachable or cannot serve now. Says nothing about the outcome of a COMMIT. */
export function isUnavailable(error: unknown): boolean {
  for (const at of chain(error)) {
    if (at instanceof Problem) return at.code === 'database-unavailable' || at.code === 'overloaded';
    if (typeof at.errno === 'number' && at.errno > 0) return UNAVAILABLE.has(at.errno);
    if (typeof at.code === 'string' && UNREACHABLE.has(at.code)) return true;
    if (at.code === 'ENOENT' && at.syscall === 'connect') return true;
    if (at.fatal === true) return true;
  }
  return false;
}

/** Turns errors that a later retry cures into `database-unavailable`; returns any other error unchanged. */
export function asProblem(error: unknown): unknown {
  if (error instanceof Problem) return error;
  const transient = isUnavailable(error) || isRetryable(error) || TIMED_OUT.has(errnoOf(error) ?? 0);
  return transient ? new Problem('database-unavailable', { retryAfter: 1, cause: error }) : error;
}

/** Whether the connection is usable after this error. */
export function leavesConnectionGood(error: unknown): boolean {
  const errno = errnoOf(error);
  if (errno === undefined || UNAVAILABLE.has(errno)) return false;
  for (const { fatal } of chain(error)) if (fatal === true) return false;
  return true;
}

/** Removes the statement, which contains people's messages, from an error that is to be logged. */
export function withoutStatement(error: unknown): unknown {
  for (const at of chain(error)) delete at.sql;
  return error;
}

/** The database cannot be brought to this version's schema. The message says why, and what to do. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}

/** The embedded database cannot be started. The message is for the operator of the service. */
export class EmbeddedDatabaseError extends Error {
  override readonly name = 'EmbeddedDatabaseError';
}

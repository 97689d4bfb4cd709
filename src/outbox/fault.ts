import { errnoOf } from '../db/errors.ts';
import { Problem } from '../protocol/problem.ts';
import { shortened } from './reason.ts';

/** The server refuses a value. Whatever else goes wrong has nothing to do with what the rows say. */
const REFUSED_VALUES = new Set([
  1048, // NULL where there must be a value
  1264, // out of range
  1265, // data truncated
  1292, // truncated incorrect value
  1366, // incorrect string value
  1406, // data too long
  3140, // invalid JSON text
  4025, // MariaDB: a CHECK failed
  3819, // MySQL: a CHECK failed
]);

/**
 * Whether somebody else dealt with rows meanwhile, or used one of their keys: looking again shows how things are now.
 */
export function wasOvertaken(error: unknown): boolean {
  return error instanceof Problem && (error.code === 'superseded' || error.code === 'idempotency-conflict');
}

/** Whether it is for what the rows say that they were not published. Trying again would not help. */
export function isRowsFault(error: unknown): boolean {
  if (error instanceof Problem) return error.status < 500 && !wasOvertaken(error);
  return REFUSED_VALUES.has(errnoOf(error) ?? 0);
}

/** A sentence for the row's `error`. */
export function faultReason(error: unknown): string {
  if (error instanceof Problem) return shortened(`It was refused: ${error.message}.`);
  const errno = errnoOf(error);
  return errno === undefined
    ? 'The service failed on it; its own log says why.'
    : `The database refuses to store it (error ${errno}).`;
}

import { errnoOf } from '../../db/errors.ts';
import { Problem } from '../../protocol/problem.ts';
import { truncatedReason } from './reason.ts';

/** Error numbers of refused values; no other error is caused by the content of a row. */
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

/** Whether another relay took the rows, or another publisher used one of their keys: read them again. */
export function wasOvertaken(error: unknown): boolean {
  return error instanceof Problem && (error.code === 'superseded' || error.code === 'idempotency-conflict');
}

/** Whether the content of the rows is the cause, so that a retry would fail again. */
export function isContentFault(error: unknown): boolean {
  if (error instanceof Problem) return error.status < 500 && !wasOvertaken(error);
  return REFUSED_VALUES.has(errnoOf(error) ?? 0);
}

/** Sentence for the `error` column of the row. */
export function faultReason(error: unknown): string {
  if (error instanceof Problem) return truncatedReason(`It was refused: ${error.message}.`);
  const errno = errnoOf(error);
  return errno === undefined
    ? 'The service failed on it; its own log says why.'
    : `The database refuses to store it (error ${errno}).`;
}

import { errnoOf, isRefusedValue } from '../../db/errors.ts';
import { Problem } from '../../protocol/problem.ts';
import { truncatedReason } from './reason.ts';

/** Whether another relay took the rows, or another publisher used one of their keys: read them again. */
export function wasOvertaken(error: unknown): boolean {
  return error instanceof Problem && (error.code === 'superseded' || error.code === 'idempotency-conflict');
}

/** Whether the content of the rows is the cause, so that a retry would fail again. */
export function isContentFault(error: unknown): boolean {
  if (error instanceof Problem) return error.status < 500 && !wasOvertaken(error);
  return isRefusedValue(error);
}

/** Sentence for the `error` column of the row. */
export function faultReason(error: unknown): string {
  if (error instanceof Problem) return truncatedReason(`It was refused: ${error.message}.`);
  const errno = errnoOf(error);
  return errno === undefined
    ? 'The service failed on it; its own log says why.'
    : `The database refuses to store it (error ${errno}).`;
}

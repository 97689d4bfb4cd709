import { dataOf } from '../../events/row-data.ts';
import type { LogRow } from '../../log/row.ts';
import { scopeKind } from '../../protocol/scope.ts';

/**
 * The submission that a row is about, if it may change cells. Of events with several rows, the one for admins or, of public
 * solves, for the contest: a hidden solve is no reason for an update that a rejected submission would not cause.
 */
export function submissionOf(row: LogRow) {
  switch (scopeKind(row.scope)) {
    case 'hidden':
      return (
        dataOf('SUBMISSION_RECEIVED', row) ??
        dataOf('SUBMISSION_JUDGED', row) ??
        dataOf('SUBMISSION_REJUDGED', row)
      );
    case 'contest':
      return dataOf('PROBLEM_SOLVED', row) ?? dataOf('SOLVE_RETRACTED', row);
    default:
      return undefined;
  }
}

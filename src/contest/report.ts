import type { ContestStatus } from '../protocol/enums.ts';
import {
  type AnnouncedState,
  type Announcement,
  baseline,
  type ContestRow,
  isClosed,
  passed,
  statusOf,
} from './announced-state.ts';

/** What a publisher reports of a contest, over REST or from SQL. */
export type ContestReport =
  | { readonly type: 'CONTEST_STATUS'; readonly newStatus: ContestStatus }
  | { readonly type: 'CONTEST_END' };

export interface ReportOutcome {
  /** Whether it was announced already, and nothing else since. */
  readonly repeat: boolean;
  /** Status that was announced last; undefined of an unknown contest. */
  readonly oldStatus: ContestStatus | undefined;
  /** Announcements that have to precede it: an end implies the status ENDED. */
  readonly before: readonly Announcement[];
  readonly next: AnnouncedState;
}

/**
 * Applies a report to the announced state of a contest. The platform's status at this moment is irrelevant, since it may be
 * written before or after the report; only a change of it counts, in `decide`.
 * @param now ms since 1970
 */
export function applyReport(
  report: ContestReport,
  contest: ContestRow | undefined,
  announced: AnnouncedState | undefined,
  now: number,
): ReportOutcome {
  const known = announced ?? (contest && baseline(contest, now));
  const status = known?.status;
  const isEnd = report.type === 'CONTEST_END';
  const newStatus = isEnd ? 'ENDED' : report.newStatus;
  const oldStatus = status && statusOf(status);
  const reopens =
    status !== undefined && isClosed(status) && (newStatus === 'LIVE' || newStatus === 'UPCOMING');
  return {
    repeat: announced !== undefined && (isEnd ? status === 'OVER' : oldStatus === newStatus),
    oldStatus,
    before: isEnd && oldStatus !== 'ENDED' ? [{ type: 'CONTEST_STATUS', oldStatus, newStatus }] : [],
    next: {
      status: isEnd || (newStatus === 'ENDED' && announced?.status === 'OVER') ? 'OVER' : newStatus,
      platformStatus: known?.platformStatus ?? null,
      version: (known?.version ?? 0) + 1,
      // Reopened: an end that has passed does not close it at once.
      startsAt: reopens ? passed(contest?.startsAt ?? null, now) : (known?.startsAt ?? null),
      endsAt: reopens ? passed(contest?.endsAt ?? null, now) : (known?.endsAt ?? null),
      announcedAt: now,
    },
  };
}

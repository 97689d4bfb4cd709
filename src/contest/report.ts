import type { ContestStatus } from '../platform/contests.ts';
import {
  type Announced,
  type Announcement,
  type ContestTimes,
  firstSight,
  isClosed,
  passed,
  statusOf,
} from './announced.ts';

/** What somebody says of a contest: a controller over REST, or SQL. */
export type Saying =
  | { readonly type: 'CONTEST_STATUS'; readonly newStatus: ContestStatus }
  | { readonly type: 'CONTEST_END' };

export interface Hearing {
  /** It is what was told last, so whoever says it is only not the first. */
  readonly repeat: boolean;
  /** What was told last, as a status; undefined of a contest that nothing is known of. */
  readonly oldStatus: ContestStatus | undefined;
  /** What has to be told before it: an end without the status ENDED is half the news. */
  readonly before: readonly Announcement[];
  readonly next: Announced;
}

/**
 * What becomes of a contest when somebody says what happened to it. It holds whatever the platform's row says at this
 * moment, which may be written before or after; what counts there is when it becomes another.
 */
export function hear(
  saying: Saying,
  contest: ContestTimes | undefined,
  announced: Announced | undefined,
  now: number,
): Hearing {
  const known = announced ?? (contest && firstSight(contest, now));
  const told = known?.status;
  const newStatus = saying.type === 'CONTEST_END' ? 'ENDED' : saying.newStatus;
  const oldStatus = told && statusOf(told);
  const isEnd = saying.type === 'CONTEST_END';
  const reopens = told !== undefined && isClosed(told) && (newStatus === 'LIVE' || newStatus === 'UPCOMING');
  return {
    repeat: announced !== undefined && (isEnd ? told === 'OVER' : oldStatus === newStatus),
    oldStatus,
    before: isEnd && oldStatus !== 'ENDED' ? [{ type: 'CONTEST_STATUS', oldStatus, newStatus }] : [],
    next: {
      status: isEnd || (newStatus === 'ENDED' && announced?.status === 'OVER') ? 'OVER' : newStatus,
      platformStatus: known?.platformStatus ?? null,
      turn: (known?.turn ?? 0) + 1,
      // Opened again: an end that has passed does not close it at once.
      startsAt: reopens ? passed(contest?.startsAt ?? null, now) : (known?.startsAt ?? null),
      endsAt: reopens ? passed(contest?.endsAt ?? null, now) : (known?.endsAt ?? null),
      announcedAt: now,
    },
  };
}

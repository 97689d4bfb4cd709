import type { ContestStatus } from '../protocol/enums.ts';

/** Last announced status of a contest. `ENDED`: the status is announced, the end is not yet; `OVER`: both are. */
export type AnnouncedStatus = ContestStatus | 'OVER';

/** The platform's row of a contest. Instants in ms since 1970; null where the column holds no date. */
export interface ContestRow {
  readonly status: ContestStatus;
  readonly startsAt: number | null;
  readonly endsAt: number | null;
}

/** What has been announced of a contest: a row of `contest_announced`. */
export interface AnnouncedState {
  readonly status: AnnouncedStatus;
  /** The platform's status at the last poll; null when there was no row. */
  readonly platformStatus: ContestStatus | null;
  /** Optimistic lock of the row (column `turn`): the number of announcements; 0: only a baseline was recorded. */
  readonly version: number;
  /** Start and end that have passed, in ms since 1970; each is announced once. Null while it is in the future. */
  readonly startsAt: number | null;
  readonly endsAt: number | null;
  /** Time of the last announcement, in ms since 1970. */
  readonly announcedAt: number;
}

/** Event to be published. */
export type Announcement =
  | {
      readonly type: 'CONTEST_STATUS';
      readonly oldStatus: ContestStatus | undefined;
      readonly newStatus: ContestStatus;
    }
  | { readonly type: 'CONTEST_END' };

/** An announced status as a status of the platform. */
export function statusOf(announced: AnnouncedStatus): ContestStatus {
  return announced === 'OVER' ? 'ENDED' : announced;
}

/** Whether a contest is over or cancelled. */
export function isClosed(status: AnnouncedStatus): boolean {
  return status === 'ENDED' || status === 'OVER' || status === 'CANCELLED';
}

/** State of a contest that is seen for the first time: its present status is not announced. */
export function baseline({ status }: ContestRow, now: number): AnnouncedState {
  return {
    status: status === 'ENDED' ? 'OVER' : status,
    platformStatus: status,
    version: 0,
    startsAt: null,
    endsAt: null,
    announcedAt: now,
  };
}

/** The instant if it has passed, else null. */
export function passed(at: number | null, now: number): number | null {
  return at !== null && at <= now ? at : null;
}

/** Whether two states are equal but for the time of the last announcement. */
export function sameState(a: AnnouncedState, b: AnnouncedState): boolean {
  return (
    a.status === b.status &&
    a.platformStatus === b.platformStatus &&
    a.version === b.version &&
    a.startsAt === b.startsAt &&
    a.endsAt === b.endsAt
  );
}

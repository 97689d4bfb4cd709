import type { ContestStatus } from '../platform/contests.ts';

/** What was told of a contest last. `ENDED`: its status, and its end is still to be told; `OVER`: both. */
export type Told = ContestStatus | 'OVER';

/** A contest as the platform's own row has it. Instants in ms since 1970; null where the column holds no date. */
export interface ContestTimes {
  readonly status: ContestStatus;
  readonly startsAt: number | null;
  readonly endsAt: number | null;
}

/** What is remembered of a contest: a row of `contest_announced`. */
export interface Announced {
  readonly status: Told;
  /** What the platform's row said when it was last looked at; null when there was none. */
  readonly platformStatus: ContestStatus | null;
  /** How often something was told of it; 0: it was only taken note of. */
  readonly turn: number;
  /** The start and the end that have passed, in ms since 1970: each is told once. Null while it is to come. */
  readonly startsAt: number | null;
  readonly endsAt: number | null;
  /** When something was told last, in ms since 1970. */
  readonly announcedAt: number;
}

/** What is to be told. */
export type Announcement =
  | {
      readonly type: 'CONTEST_STATUS';
      readonly oldStatus: ContestStatus | undefined;
      readonly newStatus: ContestStatus;
    }
  | { readonly type: 'CONTEST_END' };

/** What was told, as a status of the platform's. */
export function statusOf(told: Told): ContestStatus {
  return told === 'OVER' ? 'ENDED' : told;
}

/** Whether nothing more was to be expected of the contest. */
export function isClosed(told: Told): boolean {
  return told === 'ENDED' || told === 'OVER' || told === 'CANCELLED';
}

/** A contest that was never seen before. What its status says already is no news. */
export function firstSight({ status }: ContestTimes, now: number): Announced {
  return {
    status: status === 'ENDED' ? 'OVER' : status,
    platformStatus: status,
    turn: 0,
    startsAt: null,
    endsAt: null,
    announcedAt: now,
  };
}

/** The instant, once it has passed. */
export function passed(at: number | null, now: number): number | null {
  return at !== null && at <= now ? at : null;
}

export function sameAnnounced(a: Announced, b: Announced): boolean {
  return (
    a.status === b.status &&
    a.platformStatus === b.platformStatus &&
    a.turn === b.turn &&
    a.startsAt === b.startsAt &&
    a.endsAt === b.endsAt
  );
}

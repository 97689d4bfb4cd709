import type { ContestStatus } from '../platform/contests.ts';
import {
  type Announced,
  type Announcement,
  type ContestTimes,
  firstSight,
  isClosed,
  passed,
  statusOf,
  type Told,
} from './announced.ts';

/** What is to be told of a contest now, in this order, and what is to be remembered with it. */
export interface Decision {
  readonly announcements: readonly Announcement[];
  readonly next: Announced;
}

/** A start or an end that lies further back is no news where nothing was ever told of the contest. Ms: one day. */
export const LONG_PAST_MS = 86_400_000;
/** Who told of the status ENDED without the end has so long to tell of that as well, with the winners. Ms. */
export const END_GRACE_MS = 60_000;

/** The course of a contest. What is cancelled is not begun or ended by any clock. */
const ORDER: Readonly<Record<Told, number>> = {
  DRAFT: 0,
  UPCOMING: 1,
  LIVE: 2,
  ENDED: 3,
  OVER: 3,
  CANCELLED: 4,
};

/**
 * Looks at a contest and decides what is news. There are three kinds of it, and the latest decides what the contest is:
 *
 * - The platform's status became another than it was at the last look: it was set by hand.
 * - A start or an end has passed since. It carries the contest forward, whatever the platform's status still says.
 * - A start or an end that had passed was moved into the future. The contest falls back to what is left to hold it.
 *
 * Each is news once: what is remembered holds the platform's status and the instants that have passed. An instant that is
 * moved is another instant, and is waited for anew. With the same contest and time, a second look finds nothing.
 */
export function decide(contest: ContestTimes, announced: Announced | undefined, now: number): Decision {
  const known = announced ?? firstSight(contest, now);
  const telling = new Telling(known);
  const { status } = contest;
  const written =
    known.platformStatus !== null && status !== known.platformStatus ? (status as ContestStatus) : undefined;

  let marks: Pick<Announced, 'startsAt' | 'endsAt'> = known;
  if (status === 'DRAFT' || status === 'CANCELLED') {
    if (written) telling.say(written);
  } else {
    marks = { startsAt: passed(contest.startsAt, now), endsAt: passed(contest.endsAt, now) };
    // Opened again by hand: an end that has passed does not close it at once.
    const reopened = written !== undefined && written !== 'ENDED' && isClosed(telling.told);
    if (reopened) telling.say(written);
    else follow(telling, contest, written, { known, marks, now });
  }
  if (known.status === 'ENDED' && telling.told === 'ENDED' && now - known.announcedAt >= END_GRACE_MS)
    telling.end();

  const { announcements, told } = telling;
  const news = announcements.length > 0;
  return {
    announcements,
    next: {
      status: told,
      platformStatus: status,
      turn: known.turn + (news ? 1 : 0),
      startsAt: marks.startsAt,
      endsAt: marks.endsAt,
      announcedAt: news ? now : known.announcedAt,
    },
  };
}

interface Look {
  readonly known: Announced;
  readonly marks: Pick<Announced, 'startsAt' | 'endsAt'>;
  readonly now: number;
}

/** What was set by hand, and what the clock has struck, in the order of a contest's course. */
function follow(
  telling: Telling,
  { status }: ContestTimes,
  written: ContestStatus | undefined,
  { known, marks, now }: Look,
): void {
  const struck = (name: 'startsAt' | 'endsAt') => marks[name] !== null && marks[name] !== known[name];
  const lifted = (name: 'startsAt' | 'endsAt') => marks[name] === null && known[name] !== null;
  const isOld = (at: number | null) => at !== null && now - at > LONG_PAST_MS;
  const isUnheardOf = () => known.turn === 0 && telling.announcements.length === 0;
  const finish = () => telling.say('ENDED', isOld(marks.endsAt) && isUnheardOf());

  if (written === undefined && (lifted('startsAt') || lifted('endsAt'))) {
    const byClock = marks.endsAt !== null ? 'ENDED' : marks.startsAt !== null ? 'LIVE' : 'UPCOMING';
    const left = ORDER[status] > ORDER[byClock] ? status : byClock;
    if (telling.told !== 'CANCELLED' && ORDER[telling.told] > ORDER[left]) telling.say(left);
  }
  if (written === 'UPCOMING') telling.say(written);
  if (struck('startsAt') && written !== 'LIVE' && ORDER[telling.told] < ORDER.LIVE)
    telling.say('LIVE', isOld(marks.startsAt) && isUnheardOf());
  if (written === 'LIVE') telling.say(written);
  if (struck('endsAt') && ORDER[telling.told] < ORDER.ENDED) finish();
  if (written === 'ENDED') finish();
}

/** What is told, one thing after the other, and never the same twice in a row. */
class Telling {
  readonly announcements: Announcement[] = [];
  told: Told;

  constructor(known: Announced) {
    this.told = known.status;
  }

  say(newStatus: ContestStatus, silently = false): void {
    const oldStatus = statusOf(this.told);
    if (oldStatus === newStatus) return;
    this.told = newStatus;
    if (!silently) this.announcements.push({ type: 'CONTEST_STATUS', oldStatus, newStatus });
    if (newStatus !== 'ENDED') return;
    if (silently) this.told = 'OVER';
    else this.end();
  }

  end(): void {
    this.told = 'OVER';
    this.announcements.push({ type: 'CONTEST_END' });
  }
}

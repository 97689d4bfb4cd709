import type { ContestStatus } from '../protocol/enums.ts';
import {
  type AnnouncedState,
  type AnnouncedStatus,
  type Announcement,
  baseline,
  type ContestRow,
  isClosed,
  passed,
  statusOf,
} from './announced-state.ts';

/** Announcements that are due, in order, and the state after them. */
export interface Decision {
  readonly announcements: readonly Announcement[];
  readonly next: AnnouncedState;
}

/** Age beyond which a start or an end is not announced of a contest of which nothing was announced before, ms. */
export const LONG_PAST_MS = 86_400_000;
/** Time for a publisher of the status ENDED to publish the end with its winners, too, ms. */
export const END_GRACE_MS = 60_000;

/** Rank of a status in the life cycle. The clock moves a contest forward only, and never one that is cancelled. */
const ORDER: Readonly<Record<AnnouncedStatus, number>> = {
  DRAFT: 0,
  UPCOMING: 1,
  LIVE: 2,
  ENDED: 3,
  OVER: 3,
  CANCELLED: 4,
};

/**
 * Decides what is to be announced of a contest. There are three causes; the latest one determines its status:
 *
 * - A manual change: the platform's status differs from that of the last poll.
 * - A start or an end that has passed since. It moves the contest forward, whatever the platform's status is.
 * - A start or an end that had passed and was postponed. The contest falls back to what still holds.
 *
 * Each cause counts once, since the state keeps the platform's status and the instants that have passed; a changed instant
 * is a new one. Idempotent: applied to `next` with the same contest and time, it announces nothing.
 * @param now the database's time, ms since 1970
 */
export function decide(contest: ContestRow, announced: AnnouncedState | undefined, now: number): Decision {
  const known = announced ?? baseline(contest, now);
  const recorder = new TransitionRecorder(known.status);
  const { status } = contest;
  const manual = known.platformStatus !== null && status !== known.platformStatus ? status : undefined;

  let instants: PassedInstants = known;
  if (status === 'DRAFT' || status === 'CANCELLED') {
    if (manual) recorder.transitionTo(manual);
  } else {
    instants = { startsAt: passed(contest.startsAt, now), endsAt: passed(contest.endsAt, now) };
    // Reopened by hand: an end that has passed does not close it at once.
    const reopened = manual !== undefined && manual !== 'ENDED' && isClosed(recorder.status);
    if (reopened) recorder.transitionTo(manual);
    else advance(recorder, { status, manual, known, instants, now });
  }
  if (known.status === 'ENDED' && recorder.status === 'ENDED' && now - known.announcedAt >= END_GRACE_MS)
    recorder.end();

  const { announcements } = recorder;
  const announces = announcements.length > 0;
  return {
    announcements,
    next: {
      status: recorder.status,
      platformStatus: status,
      version: known.version + (announces ? 1 : 0),
      startsAt: instants.startsAt,
      endsAt: instants.endsAt,
      announcedAt: announces ? now : known.announcedAt,
    },
  };
}

type PassedInstants = Pick<AnnouncedState, 'startsAt' | 'endsAt'>;

interface Advance {
  /** The platform's status. */
  readonly status: ContestStatus;
  /** The same, if it was changed since the last poll. */
  readonly manual: ContestStatus | undefined;
  readonly known: AnnouncedState;
  readonly instants: PassedInstants;
  readonly now: number;
}

/** Applies postponed instants, passed ones and a manual change, in the order of the life cycle. */
function advance(recorder: TransitionRecorder, { status, manual, known, instants, now }: Advance): void {
  const hasPassed = (name: keyof PassedInstants) => instants[name] !== null && instants[name] !== known[name];
  const isPostponed = (name: keyof PassedInstants) => instants[name] === null && known[name] !== null;
  const isLongPast = (at: number | null) => at !== null && now - at > LONG_PAST_MS;
  const isUnannounced = () => known.version === 0 && recorder.announcements.length === 0;
  const finish = () =>
    recorder.transitionTo('ENDED', { silent: isLongPast(instants.endsAt) && isUnannounced() });

  if (manual === undefined && (isPostponed('startsAt') || isPostponed('endsAt'))) {
    const byClock = instants.endsAt !== null ? 'ENDED' : instants.startsAt !== null ? 'LIVE' : 'UPCOMING';
    const holds = ORDER[status] > ORDER[byClock] ? status : byClock;
    if (recorder.status !== 'CANCELLED' && ORDER[recorder.status] > ORDER[holds])
      recorder.transitionTo(holds);
  }
  if (manual === 'UPCOMING') recorder.transitionTo(manual);
  if (hasPassed('startsAt') && manual !== 'LIVE' && ORDER[recorder.status] < ORDER.LIVE)
    recorder.transitionTo('LIVE', { silent: isLongPast(instants.startsAt) && isUnannounced() });
  if (manual === 'LIVE') recorder.transitionTo(manual);
  if (hasPassed('endsAt') && ORDER[recorder.status] < ORDER.ENDED) finish();
  if (manual === 'ENDED') finish();
}

/** Records transitions in order, and the announcements that they need; none for a transition to the same status. */
class TransitionRecorder {
  readonly announcements: Announcement[] = [];
  status: AnnouncedStatus;

  constructor(status: AnnouncedStatus) {
    this.status = status;
  }

  /** @param silent whether the transition is recorded without an announcement */
  transitionTo(newStatus: ContestStatus, { silent = false } = {}): void {
    const oldStatus = statusOf(this.status);
    if (oldStatus === newStatus) return;
    this.status = newStatus;
    if (!silent) this.announcements.push({ type: 'CONTEST_STATUS', oldStatus, newStatus });
    if (newStatus !== 'ENDED') return;
    if (silent) this.status = 'OVER';
    else this.end();
  }

  end(): void {
    this.status = 'OVER';
    this.announcements.push({ type: 'CONTEST_END' });
  }
}

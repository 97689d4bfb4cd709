import { type AnnouncedState, type ContestRow, isClosed } from './announced-state.ts';

/** Time before a start or an end from which a contest is polled often, ms. */
const NEAR_MS = 3_600_000;
/** Time after an announcement until which a contest is polled often, ms. */
const FRESH_MS = 600_000;
/** Max contests that are polled often; those with the nearest start or end come first. */
const MAX_POLLED_OFTEN = 1_000;

/** Contests that the contest clock polls often; all others are polled seldom. */
export class WatchList {
  readonly #nextInstants = new Map<number, number>();
  #newestId = 0;

  /** Highest contest id seen: a contest with a higher one is new. */
  get newestId(): number {
    return this.#newestId;
  }

  /** The contests to be polled often. */
  get ids(): number[] {
    const all = [...this.#nextInstants];
    const first =
      all.length <= MAX_POLLED_OFTEN ? all : all.sort(([, a], [, b]) => a - b).slice(0, MAX_POLLED_OFTEN);
    return first.map(([id]) => id);
  }

  /** Next start or end of the contests in the list after `now`, in ms since 1970; Infinity for none. */
  nextInstantAfter(now: number): number {
    let next = Number.POSITIVE_INFINITY;
    for (const at of this.#nextInstants.values()) if (at > now && at < next) next = at;
    return next;
  }

  /** Empties the list, before a poll of all contests. `newestId`: the highest id that there is. */
  reset(newestId: number): void {
    this.#nextInstants.clear();
    this.#newestId = newestId;
  }

  /** Puts a contest on the list or takes it off, by what a poll of it found. */
  update(id: number, contest: ContestRow, announced: AnnouncedState, now: number): void {
    this.#newestId = Math.max(this.#newestId, id);
    const at = nextInstantOf(contest, announced, now);
    const isNear = at - now < NEAR_MS || announced.status === 'LIVE';
    const isFresh = now - announced.announcedAt < FRESH_MS && announced.version > 0;
    if (isNear || isFresh) this.#nextInstants.set(id, at);
    else this.#nextInstants.delete(id);
  }
}

/** Next start or end of a contest, in ms since 1970; Infinity where there is none. */
function nextInstantOf(
  { status, startsAt, endsAt }: ContestRow,
  announced: AnnouncedState,
  now: number,
): number {
  if (status === 'DRAFT' || status === 'CANCELLED' || isClosed(announced.status))
    return Number.POSITIVE_INFINITY;
  return Math.min(
    ...[startsAt, endsAt].map((at) => (at !== null && at > now ? at : Number.POSITIVE_INFINITY)),
  );
}

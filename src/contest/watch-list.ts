import { type Announced, type ContestTimes, isClosed } from './announced.ts';

/** A contest is looked at often from so long before it starts or ends until so long after its last news. Ms. */
const NEAR_MS = 3_600_000;
const FRESH_MS = 600_000;
/** So many are looked at often, those that start or end first. */
const MOST = 1_000;

/** Which contests are worth a look now and then, and which every second. */
export class WatchList {
  readonly #wakes = new Map<number, number>();
  #newest = 0;

  /** The highest id that there was: what is above is new. */
  get newest(): number {
    return this.#newest;
  }

  /** The contests to look at often. */
  get ids(): number[] {
    const all = [...this.#wakes];
    const first = all.length <= MOST ? all : all.sort(([, a], [, b]) => a - b).slice(0, MOST);
    return first.map(([id]) => id);
  }

  /** The next start or end after `now`, in ms since 1970; Infinity where none is near. */
  next(now: number): number {
    let next = Number.POSITIVE_INFINITY;
    for (const wake of this.#wakes.values()) if (wake > now && wake < next) next = wake;
    return next;
  }

  /** Begins anew, before a look at all contests up to `newest`. */
  forget(newest: number): void {
    this.#wakes.clear();
    this.#newest = newest;
  }

  /** Takes note of a contest as it is after a look at it. */
  saw(id: number, contest: ContestTimes, announced: Announced, now: number): void {
    this.#newest = Math.max(this.#newest, id);
    const wake = wakeOf(contest, announced, now);
    const isNear = wake - now < NEAR_MS || announced.status === 'LIVE';
    const isFresh = now - announced.announcedAt < FRESH_MS && announced.turn > 0;
    if (isNear || isFresh) this.#wakes.set(id, wake);
    else this.#wakes.delete(id);
  }
}

/** When the clock next strikes for a contest; Infinity for never. */
function wakeOf({ status, startsAt, endsAt }: ContestTimes, announced: Announced, now: number): number {
  if (status === 'DRAFT' || status === 'CANCELLED' || isClosed(announced.status))
    return Number.POSITIVE_INFINITY;
  return Math.min(
    ...[startsAt, endsAt].map((at) => (at !== null && at > now ? at : Number.POSITIVE_INFINITY)),
  );
}

/** Max factor: four rows become a thousand. */
const MAX_FACTOR = 256;
/** Number of appends after which the factor is halved for the first time. */
const HELD_APPENDS = 30;

/**
 * Factor by which padded appends are larger than at rest. That it grows shows that many events wait. That it shrinks shows
 * nothing, since it does so after a number of appends, whatever waits. Each growth after a shrink doubles that number, so
 * that there are few of them while a contest is frozen.
 */
export class PaddingGrowth {
  #factor = 1;
  #heldAppends = HELD_APPENDS;
  /** Number of appends since the factor changed. */
  #appends = 0;
  #hasShrunk = false;

  /** 1 … 256 */
  get factor(): number {
    return this.#factor;
  }

  /** Decides the factor of the next append. @param grows whether events have waited for long, and have no room in it */
  next(grows: boolean): void {
    if (grows) {
      if (this.#hasShrunk) this.#heldAppends *= 2;
      this.#change(Math.min(this.#factor * 2, MAX_FACTOR), false);
    } else if (this.#factor > 1 && ++this.#appends > this.#heldAppends) this.#change(this.#factor / 2, true);
  }

  /** No contest is frozen. */
  reset(): void {
    this.#heldAppends = HELD_APPENDS;
    this.#change(1, false);
  }

  #change(factor: number, shrinks: boolean): void {
    this.#factor = factor;
    this.#hasShrunk = shrinks;
    // The append that shrinks is the first of its size.
    this.#appends = shrinks ? 1 : 0;
  }
}

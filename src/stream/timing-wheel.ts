/**
 * Items by the tick at which each is due: a tick costs what is due at it, however many items there are. Times are monotonic,
 * in ms; none of `tick` may be before an earlier one.
 */
export class TimingWheel<T> {
  readonly #tickMs: number;
  /** Items by the number of their tick. */
  readonly #due = new Map<number, Set<T>>();
  /** Number and time of the last tick. */
  #ticks = 0;
  #tickedAt: number;

  /**
   * @param tickMs time between two ticks, ms
   * @param now time at which the first interval begins
   */
  constructor(tickMs: number, now: number) {
    this.#tickMs = tickMs;
    this.#tickedAt = now;
  }

  /**
   * Adds an item that is due with the tick nearest to `at`, and not before the next one.
   *
   * @returns number of that tick, for `delete`
   */
  add(item: T, at: number): number {
    const tick = this.#ticks + Math.max(1, Math.round((at - this.#tickedAt) / this.#tickMs));
    const items = this.#due.get(tick);
    if (items === undefined) this.#due.set(tick, new Set([item]));
    else items.add(item);
    return tick;
  }

  delete(item: T, tick: number): void {
    const items = this.#due.get(tick);
    if (items?.delete(item) && items.size === 0) this.#due.delete(tick);
  }

  /** Removes and returns what is due. Called late, it makes up for the ticks that were left out. */
  tick(now: number): T[] {
    this.#ticks += Math.max(1, Math.round((now - this.#tickedAt) / this.#tickMs));
    this.#tickedAt = now;
    const taken: T[] = [];
    for (const [tick, items] of this.#due) {
      if (tick > this.#ticks) continue;
      this.#due.delete(tick);
      for (const item of items) taken.push(item);
    }
    return taken;
  }
}

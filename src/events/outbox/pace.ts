/**
 * Pause between two polls, in ms. An empty poll costs a third of a millisecond of CPU, most of it here: at rest, a third of
 * a per cent of one core, for a delay of at most a tenth of a second.
 */
const BUSY_MS = 5;
const IDLE_MS = 100;
/** Growth of the pause per empty poll. */
const GROWTH = 1.1;
/** Min pause after an empty poll, as a multiple of its duration: a slow poll reads rows that are not purged yet. */
const PAUSE_FACTOR = 4;

/** Adaptive poll interval of the relay: a few milliseconds while the outbox is used, growing slowly when it is not. */
export class RelayPace {
  #pauseMs = BUSY_MS;

  /**
   * @param found whether the poll found rows
   * @param tookMs duration of the poll
   * @returns pause before the next poll, in ms
   */
  next(found: boolean, tookMs: number): number {
    this.#pauseMs = found ? BUSY_MS : Math.min(IDLE_MS, this.#pauseMs * GROWTH);
    return found ? BUSY_MS : Math.max(this.#pauseMs, tookMs * PAUSE_FACTOR);
  }
}

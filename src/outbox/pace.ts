/**
 * How long to rest between two looks, in ms. A look in vain costs a third of a millisecond of computing, most of it here:
 * at rest that is a third of a per cent of one core, for an event that is a tenth of a second late at the most.
 */
const BUSY_MS = 5;
const IDLE_MS = 100;
/** How much longer each look in vain makes the next rest. */
const GROWTH = 1.1;
/** A look that takes long is followed by a rest of so many times its length: it found much that is still to be purged. */
const REST_FACTOR = 4;

/** How often the outbox is looked at: every few milliseconds while it is used, and gently less often when it is not. */
export class Pace {
  #restMs = BUSY_MS;

  /**
   * @param found whether there was anything
   * @param tookMs how long the look took
   * @returns how long to rest before the next one, in ms
   */
  next(found: boolean, tookMs: number): number {
    this.#restMs = found ? BUSY_MS : Math.min(IDLE_MS, this.#restMs * GROWTH);
    return found ? BUSY_MS : Math.max(this.#restMs, tookMs * REST_FACTOR);
  }
}

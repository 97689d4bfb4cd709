import type { Sink } from './sink.ts';

/**
 * Measures for how long a peer has taken nothing although bytes wait for it. A slow peer that takes a little now and
 * then is not stalled; `maxUnsentBytes` bounds how many bytes may wait for it.
 */
export class StallDetector {
  #taken: number | undefined;
  #since = 0;

  /**
   * Returns how long the peer has stalled as of this check, ms: 0 where no bytes wait, or where the peer has taken bytes
   * since the last check.
   *
   * @param now a monotonic time, in ms
   */
  stalledFor(sink: Pick<Sink, 'unsent' | 'taken'>, now: number): number {
    // To read what libuv has left costs more than all else of a check: it is read only where bytes wait.
    const taken = sink.unsent === 0 ? undefined : sink.taken;
    if (taken === undefined || taken !== this.#taken) {
      this.#taken = taken;
      this.#since = now;
    }
    return now - this.#since;
  }
}

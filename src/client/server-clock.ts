import type { Clock } from './types.ts';

/** Min difference at which a smaller sample means that the service's clock was set back, in ms. */
const SET_BACK_MS = 5_000;

/** The service's time: its latest sample plus the monotonic time since. */
export class ServerClock {
  readonly #clock: Clock;
  #offset: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Adds a sample. Network delay only makes it older, so the sample of a connection with the largest offset is the most
   * accurate.
   * @param fresh whether the connection is new: the clock may have been set since the previous samples
   */
  sample(serverTime: string, fresh: boolean): void {
    const offset = Date.parse(serverTime) - this.#elapsed();
    if (Number.isNaN(offset)) return;
    const known = fresh ? undefined : this.#offset;
    const setBack = known !== undefined && offset < known - SET_BACK_MS;
    this.#offset = known === undefined || setBack ? offset : Math.max(known, offset);
  }

  /** Milliseconds since 1970. */
  now(): number {
    return this.#offset === undefined ? this.#clock.now() : this.#elapsed() + this.#offset;
  }

  #elapsed(): number {
    return this.#clock.elapsed?.() ?? this.#clock.now();
  }
}

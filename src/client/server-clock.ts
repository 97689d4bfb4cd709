import type { Clock } from './types.ts';

/** A sample this much behind what was known is no slow network: the service's clock was set back. Milliseconds. */
const SET_BACK_MS = 5_000;

/** The service's time, from what it last said and the time that passed since, which nobody sets. */
export class ServerClock {
  readonly #clock: Clock;
  #offset: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * The service said what time it is. The way here only makes that older, so of one connection's samples the one that
   * puts the service's clock furthest ahead is nearest to the truth.
   * @param fresh whether this is a new connection: what was known may be of a clock that was set since
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

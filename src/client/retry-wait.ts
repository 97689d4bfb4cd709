import { createStopwatch, type Stopwatch } from './stopwatch.ts';
import type { Clock } from './types.ts';

/** Wait until the next attempt to connect. */
export class RetryWait {
  readonly #clock: Clock;
  readonly #onDue: () => void;
  #timer: unknown;
  #waited: { readonly since: Stopwatch; readonly ms: number; readonly until: number } | undefined;

  constructor(clock: Clock, onDue: () => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  /** When it ends, ms since 1970; undefined where nothing waits, or only for the network. */
  get until(): number | undefined {
    return this.#waited?.until;
  }

  /** Waits for `ms`. */
  start(ms: number): void {
    this.#waited = { since: createStopwatch(this.#clock), ms, until: this.#clock.now() + ms };
    this.#timer = this.#clock.setTimeout(this.#onDue, ms);
  }

  /** Waits for the network, for `ms` at most: `navigator.onLine` may be wrong, so it is retried now and then. */
  startOffline(ms: number): void {
    this.#timer = this.#clock.setTimeout(this.#onDue, ms);
  }

  /** Ends a wait that is overdue. */
  check(): void {
    if (this.#waited && this.#waited.since.ms >= this.#waited.ms) this.#onDue();
  }

  cancel(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#waited = undefined;
  }
}

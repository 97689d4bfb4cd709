import { Problem } from '../protocol/problem.ts';

export interface AdmissionOptions {
  /** Max openings in progress. */
  readonly concurrency: number;
  /** Max time for which an opening waits to begin, ms. */
  readonly maxWaitMs: number;
  /** A monotonic time, ms. */
  readonly now?: () => number;
}

/** Opening that waits to begin. */
interface Waiter {
  readonly isGone: () => boolean;
  readonly begin: () => void;
  readonly refuse: () => void;
}

/** Weight of the newest opening in the mean duration. */
const WEIGHT = 0.1;
/** Mean duration of an opening before the first is measured, ms. */
const FIRST_MS = 5;
/** Time in which the count of refusals halves, ms. */
const HALF_LIFE_MS = 5_000;
/** Bounds of the time after which a refused client is asked to come again, s. */
const RETRY_S = { min: 2, max: 30 };

/**
 * Admission control of openings, before they cost the database anything. Openings that have begun share the connections; those
 * that would wait longer than they may are refused at once. So what begins also finishes, and the rate of openings
 * does not fall when more are offered.
 */
export class Admission {
  readonly #options: AdmissionOptions;
  readonly #now: () => number;
  readonly #waiting = new Set<Waiter>();
  #running = 0;
  #meanMs = FIRST_MS;
  #refusals = { count: 0, at: 0 };

  constructor(options: AdmissionOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Openings in progress, and those that wait. */
  get load(): { readonly running: number; readonly waiting: number } {
    return { running: this.#running, waiting: this.#waiting.size };
  }

  /**
   * Resolves once the opening may begin, with a function to call when it ends.
   * @param isGone whether the client has disconnected: its turn passes to the next
   * @throws Problem `overloaded`, with the time after which to try again
   */
  async enter(isGone: () => boolean = () => false): Promise<() => void> {
    if (this.#running < this.#options.concurrency) this.#running += 1;
    else await this.#wait(isGone);
    const begunAt = this.#now();
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#meanMs += (this.#now() - begunAt - this.#meanMs) * WEIGHT;
      this.#pass();
    };
  }

  #wait(isGone: () => boolean): Promise<void> {
    const { concurrency, maxWaitMs } = this.#options;
    const expectedMs = ((this.#waiting.size + 1) * this.#meanMs) / concurrency;
    if (expectedMs > maxWaitMs) throw this.#refusal();
    return new Promise((resolve, reject) => {
      // The mean may have been too small.
      const late = setTimeout(() => waiter.refuse(), maxWaitMs);
      const waiter: Waiter = {
        isGone,
        begin: () => {
          clearTimeout(late);
          this.#waiting.delete(waiter);
          resolve();
        },
        refuse: () => {
          clearTimeout(late);
          this.#waiting.delete(waiter);
          reject(this.#refusal());
        },
      };
      this.#waiting.add(waiter);
    });
  }

  /** Passes the place to the longest-waiting opening whose client is still there. */
  #pass(): void {
    for (const waiter of this.#waiting) {
      if (!waiter.isGone()) {
        waiter.begin();
        return;
      }
      waiter.refuse();
    }
    this.#running -= 1;
  }

  /** The more were refused lately, the later each is asked to come again: they return at the rate at which they are served. */
  #refusal(): Problem {
    const now = this.#now();
    const left = this.#refusals.count * 0.5 ** ((now - this.#refusals.at) / HALF_LIFE_MS);
    this.#refusals = { count: left + 1, at: now };
    const seconds = ((left + 1) * this.#meanMs) / this.#options.concurrency / 1_000;
    const retryAfter = Math.min(RETRY_S.max, Math.max(RETRY_S.min, Math.ceil(seconds)));
    return new Problem('overloaded', {
      retryAfter,
      cause: new Error('More streams open than can be served.'),
    });
  }
}

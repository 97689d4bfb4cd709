import { Problem } from '../protocol/problem.ts';
import type { Ready } from '../util/when-ready.ts';

export interface AdmissionOptions {
  /** Max openings in progress. */
  readonly concurrency: number;
  /** Max time for which an opening waits to begin, ms. */
  readonly maxWaitMs: number;
  /** Max time for which openings wait while none in progress ends, ms. Default 1 s. */
  readonly maxStallMs?: number;
  /** A monotonic time, ms. */
  readonly now?: () => number;
}

/** Opening that waits to begin. */
interface Waiter {
  readonly since: number;
  readonly isGone: () => boolean;
  readonly begin: () => void;
  readonly refuse: () => void;
}

/** Interval between two checks whether openings have waited too long, ms. */
const CHECK_MS = 50;
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
 * does not fall when more are offered. A crowd that returns together waits while it is served, and is refused within a
 * second where it is not.
 */
export class Admission {
  readonly #options: AdmissionOptions;
  readonly #now: () => number;
  readonly #waiting = new Set<Waiter>();
  #running = 0;
  #meanMs = FIRST_MS;
  #refusals = { count: 0, at: 0 };
  /** When an opening last began or ended. */
  #movedAt = 0;
  #check: NodeJS.Timeout | undefined;

  constructor(options: AdmissionOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Openings in progress, and those that wait. */
  get load(): { readonly running: number; readonly waiting: number } {
    return { running: this.#running, waiting: this.#waiting.size };
  }

  /**
   * Gives a function to call when the opening ends, as soon as it may begin: at once where there is a place. Rejects with
   * each error.
   * @param isGone whether the client has disconnected: its turn passes to the next
   * @throws Problem `overloaded`, with the time after which to try again
   */
  enter(isGone: () => boolean = () => false): Ready<() => void> {
    if (this.#running >= this.#options.concurrency) return this.#wait(isGone).then(() => this.#begin());
    this.#running += 1;
    this.#movedAt = this.#now();
    return this.#begin();
  }

  #begin(): () => void {
    const begunAt = this.#now();
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const now = this.#now();
      this.#meanMs += (now - begunAt - this.#meanMs) * WEIGHT;
      this.#movedAt = now;
      this.#pass(now);
    };
  }

  #wait(isGone: () => boolean): Promise<void> {
    const { concurrency, maxWaitMs } = this.#options;
    const expectedMs = ((this.#waiting.size + 1) * this.#meanMs) / concurrency;
    if (expectedMs > maxWaitMs) return Promise.reject(this.#refusal());
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        since: this.#now(),
        isGone,
        begin: () => {
          this.#waiting.delete(waiter);
          resolve();
        },
        refuse: () => {
          this.#waiting.delete(waiter);
          reject(this.#refusal());
        },
      };
      this.#waiting.add(waiter);
      this.#check ??= setInterval(() => this.#refuseLate(this.#now()), CHECK_MS);
    });
  }

  /** Passes the place to the longest-waiting opening whose client is still there. */
  #pass(now: number): void {
    this.#refuseLate(now);
    for (const waiter of this.#waiting) {
      if (!waiter.isGone()) {
        waiter.begin();
        return;
      }
      waiter.refuse();
    }
    this.#running -= 1;
  }

  /** Refuses those that have waited too long: the mean may have been too small, or no opening ends any more. */
  #refuseLate(now: number): void {
    const { maxWaitMs, maxStallMs = 1_000 } = this.#options;
    const isStalled = now - this.#movedAt >= maxStallMs;
    const limitMs = isStalled ? Math.min(maxStallMs, maxWaitMs) : maxWaitMs;
    for (const waiter of this.#waiting) {
      if (now - waiter.since < limitMs) break;
      waiter.refuse();
    }
    if (this.#waiting.size > 0) return;
    clearInterval(this.#check);
    this.#check = undefined;
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

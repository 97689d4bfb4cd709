/** Work with a deadline. */
export interface Expiring {
  /** Called once the deadline has passed, unless the work was deleted before. */
  expire(): void;
}

/**
 * Deadlines that all lie equally far ahead, so that one timer serves all of them: a timer of its own costs more than most of
 * what it bounds. The timer keeps running for the last deadline that was added, and does not keep the process from exiting.
 */
export class Deadlines {
  readonly #ms: number;
  /** In order of their deadlines (`performance.now()`). */
  readonly #works = new Map<Expiring, number>();
  #timer: NodeJS.Timeout | undefined;

  /** @param ms time until each deadline */
  constructor(ms: number) {
    this.#ms = ms;
  }

  add(work: Expiring): void {
    this.#works.set(work, performance.now() + this.#ms);
    this.#timer ??= this.#expireAfter(this.#ms);
  }

  delete(work: Expiring): void {
    this.#works.delete(work);
  }

  #expireAfter(ms: number): NodeJS.Timeout {
    return setTimeout(() => {
      this.#timer = undefined;
      const now = performance.now();
      for (const [work, deadline] of this.#works) {
        if (deadline > now) {
          this.#timer ??= this.#expireAfter(deadline - now);
          return;
        }
        this.#works.delete(work);
        work.expire();
      }
    }, Math.ceil(ms)).unref();
  }
}

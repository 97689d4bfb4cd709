/** How many samples a period keeps; more are let go at random, so that each is as likely to stay. */
const CAPACITY = 1_000;

/** How long events take, over a period that ends when it is asked for. Milliseconds. */
export class Latency {
  #samples: number[] = [];
  #seen = 0;

  record(ms: number): void {
    this.#seen++;
    if (this.#samples.length < CAPACITY) this.#samples.push(ms);
    else {
      const at = Math.floor(Math.random() * this.#seen);
      if (at < CAPACITY) this.#samples[at] = ms;
    }
  }

  /** The period's quantiles, null where nothing happened; begins the next one. */
  take(): { p50: number; p99: number } | null {
    const sorted = this.#samples.sort((a, b) => a - b);
    this.#samples = [];
    this.#seen = 0;
    if (sorted.length === 0) return null;
    const at = (q: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] as number;
    return { p50: at(0.5), p99: at(0.99) };
  }
}

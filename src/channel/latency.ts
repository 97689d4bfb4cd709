import { createHistogram } from 'node:perf_hooks';

/** Latency of events over a period that ends when it is read, in ms. */
export class Latency {
  readonly #histogram = createHistogram();

  /** @param ms whole milliseconds from 0 */
  record(ms: number): void {
    // A histogram takes integers from 1.
    this.#histogram.record(Math.round(ms) + 1);
  }

  /** Returns the period's quantiles, null where it has no event, and begins the next. */
  take(): { p50: number; p99: number } | null {
    if (this.#histogram.count === 0) return null;
    const quantiles = { p50: this.#histogram.percentile(50) - 1, p99: this.#histogram.percentile(99) - 1 };
    this.#histogram.reset();
    return quantiles;
  }
}

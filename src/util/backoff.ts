/** Bounds of an exponential backoff. */
export interface Backoff {
  /** Max delay after the first failure, in ms; doubled by each further one. Above 0. */
  readonly minMs: number;
  /** Max delay after any number of failures, in ms. */
  readonly maxMs: number;
}

/** How a delay is randomised, so that what failed together does not retry together. */
export interface Jitter {
  /**
   * Share of the delay that is random, 0 to 1. Default: 1 ("full jitter"), for any number of peers. With 0.5 a delay is at
   * least half its bound, so that a fault that lasts is met with fewer attempts.
   */
  readonly share?: number;
  /** Source of numbers from 0 to 1. Default: `Math.random`. */
  readonly random?: () => number;
}

/** Delay in ms before the attempt that follows `failures` (1 or more) failures in a row: exponential, with jitter. */
export function backoffDelay(
  failures: number,
  { minMs, maxMs }: Backoff,
  { share = 1, random = Math.random }: Jitter = {},
): number {
  const bound = Math.min(maxMs, minMs * 2 ** (failures - 1));
  return bound * (1 - share + share * random());
}

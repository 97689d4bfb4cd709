/** Exponential backoff with full jitter. */
export interface Backoff {
  /** Max wait after the first failure, in ms; doubled by each further one. */
  readonly minMs: number;
  /** Max wait, in ms. */
  readonly maxMs: number;
}

/** Max `Retry-After` that is respected, in ms. */
const MAX_RETRY_AFTER_MS = 5 * 60_000;

/**
 * Wait after consecutive failures, in ms: a random time up to a bound that doubles (full jitter), so that publishers that
 * failed together do not retry together, plus the service's `Retry-After`.
 */
export function waitAfter(failures: number, { minMs, maxMs }: Backoff, retryAfterMs = 0): number {
  const bound = Math.min(maxMs, minMs * 2 ** (failures - 1));
  return Math.min(retryAfterMs, MAX_RETRY_AFTER_MS) + Math.random() * bound;
}

/** Reads a `Retry-After` header (seconds, or a date) as ms; 0 where there is none. */
export function readRetryAfter(header: string | null, now = Date.now()): number {
  if (header === null) return 0;
  const ms = /^\s*\d+\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : 0;
}

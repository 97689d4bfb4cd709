export interface Backoff {
  /** The longest first wait, in ms; each further failure doubles it. */
  readonly minMs: number;
  /** The longest wait of all, in ms. */
  readonly maxMs: number;
}

/** However long a `Retry-After` asks for, it is asked again after this, in ms. */
const LONGEST_RETRY_AFTER_MS = 5 * 60_000;

/**
 * How long to wait after so many failures in a row, in ms: anything up to a bound that doubles ("full jitter"), so that
 * many who failed together do not come back together; on top of what the service asked for.
 */
export function waitAfter(failures: number, { minMs, maxMs }: Backoff, retryAfterMs = 0): number {
  const bound = Math.min(maxMs, minMs * 2 ** (failures - 1));
  return Math.min(retryAfterMs, LONGEST_RETRY_AFTER_MS) + Math.random() * bound;
}

/** A `Retry-After` header in ms: seconds, or a date. 0 where there is none. */
export function readRetryAfter(header: string | null, now = Date.now()): number {
  if (header === null) return 0;
  const ms = /^\s*\d+\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : 0;
}

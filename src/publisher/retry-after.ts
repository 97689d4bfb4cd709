import { type Backoff, backoffDelay } from '../util/backoff.ts';

/** Max `Retry-After` that is respected, in ms. */
const MAX_RETRY_AFTER_MS = 5 * 60_000;

/** Wait after failures in a row, in ms: a backoff with full jitter, on top of the service's `Retry-After`, 5 min at most. */
export function waitAfter(failures: number, backoff: Backoff, retryAfterMs = 0): number {
  return Math.min(retryAfterMs, MAX_RETRY_AFTER_MS) + backoffDelay(failures, backoff);
}

/** Reads a `Retry-After` header (seconds, or a date) as ms; 0 where there is none. */
export function readRetryAfter(header: string | null, now = Date.now()): number {
  if (header === null) return 0;
  const ms = /^\s*\d+\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : 0;
}

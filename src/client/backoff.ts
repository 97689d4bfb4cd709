import type { CloseReason } from '../protocol/control.ts';

export interface Loss {
  /** Attempts since a stream was last whole, this one included: 1 or more. */
  readonly failures: number;
  /** Why the service ended the stream, if it did. */
  readonly reason: CloseReason | undefined;
  /** What the service asks for, in ms: spread out already, so that a crowd does not come back together. */
  readonly askedMs: number | undefined;
}

export interface Backoff {
  /** The first wait is at most so long, in ms; the bound doubles with every failure. */
  readonly firstMs: number;
  readonly mostMs: number;
}

/** These end one stream, not everybody's: nobody else comes back at the same time. */
const ALONE: ReadonlySet<CloseReason | undefined> = new Set(['expired', 'replaced', 'rotated', 'slow']);

/** Max wait that is asked for and respected, in ms: three times the largest `STREAM_RETRY_MS`. */
const MAX_ASKED_MS = 1_800_000;
/**
 * The same where it was not the service that asked, in ms. Pages of proxies name hours, and the service is back in a
 * minute; what exceeds 2^31 ms, timers do not wait for at all.
 */
export const MAX_FOREIGN_ASKED_MS = 60_000;

/**
 * How long to wait before the next attempt, in ms: full jitter, and never less than the service asked for, up to 30
 * minutes.
 */
export function waitAfter(loss: Loss, { firstMs, mostMs }: Backoff, random: () => number): number {
  const jitter = random() * Math.min(mostMs, firstMs * 2 ** (loss.failures - 1));
  const floor = ALONE.has(loss.reason) && loss.failures === 1 ? 0 : Math.min(loss.askedMs ?? 0, MAX_ASKED_MS);
  return Math.round(Math.max(jitter, floor));
}

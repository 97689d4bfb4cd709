import type { CloseReason } from '../protocol/control.ts';
import { backoffDelay } from '../util/backoff.ts';

export interface Disconnection {
  /** Failed attempts since the last caught-up stream, this one included: 1 or more. */
  readonly failures: number;
  /** Reason of `stream-close`, where the service ended the stream. */
  readonly reason: CloseReason | undefined;
  /** Wait that the service requests, in ms; it contains the service's own jitter. */
  readonly askedMs: number | undefined;
}

export interface ReconnectBounds {
  /** Max wait after the first failure, in ms; doubled by each further one. */
  readonly firstMs: number;
  /** Max wait, in ms. */
  readonly mostMs: number;
}

/** Reasons that end a single stream, so that there is no crowd that reconnects at once. */
const SINGLE: ReadonlySet<CloseReason | undefined> = new Set(['expired', 'replaced', 'rotated', 'slow']);

/** Max wait that the service may request, in ms: three times the largest `STREAM_RETRY_MS`. */
const MAX_ASKED_MS = 1_800_000;
/**
 * Max wait that anything else may request, in ms. Pages of proxies name hours, and the service is back in a minute; timers
 * cannot wait longer than 2^31 ms.
 */
export const MAX_FOREIGN_ASKED_MS = 60_000;

/** Wait before the next attempt, in ms: full jitter, and at least what the service requests, up to 30 minutes. */
export function reconnectDelay(
  loss: Disconnection,
  { firstMs, mostMs }: ReconnectBounds,
  random: () => number,
): number {
  const jitter = backoffDelay(loss.failures, { minMs: firstMs, maxMs: mostMs }, { random });
  const floor =
    SINGLE.has(loss.reason) && loss.failures === 1 ? 0 : Math.min(loss.askedMs ?? 0, MAX_ASKED_MS);
  return Math.round(Math.max(jitter, floor));
}

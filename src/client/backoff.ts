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

/** How long to wait before the next attempt, in ms: full jitter, and never less than the service asked for. */
export function waitAfter(loss: Loss, { firstMs, mostMs }: Backoff, random: () => number): number {
  const jitter = random() * Math.min(mostMs, firstMs * 2 ** (loss.failures - 1));
  const floor = ALONE.has(loss.reason) && loss.failures === 1 ? 0 : (loss.askedMs ?? 0);
  return Math.round(Math.max(jitter, floor));
}

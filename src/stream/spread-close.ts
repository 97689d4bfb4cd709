import { setTimeout as wait } from 'node:timers/promises';

/** How time passes between closings. */
export interface Pace {
  /** A monotonic time, ms. */
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<unknown>;
}

interface Closing {
  /** Instant from the beginning, ms. */
  readonly atMs: number;
  readonly close: () => void;
}

/** Min time between two groups that are closed, ms: a timer for each of thousands would cost more than they do. */
const STEP_MS = 20;

const REAL: Pace = { now: () => performance.now(), sleep: (ms) => wait(ms) };

/** Closes each at its instant, or up to 20 ms later where several are near each other. Resolves when all are closed. */
export async function closeOver(closings: readonly Closing[], { now, sleep }: Pace = REAL): Promise<void> {
  const inOrder = closings.toSorted((one, other) => one.atMs - other.atMs);
  const startedAt = now();
  for (const [index, { atMs, close }] of inOrder.entries()) {
    const early = atMs - (now() - startedAt);
    if (early > 0) await sleep(Math.max(early, index === 0 ? 0 : STEP_MS));
    close();
  }
}

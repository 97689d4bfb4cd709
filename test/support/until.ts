import { vi } from 'vitest';

/** Default limit of every wait for a condition, in ms. A test never waits for a time: a loaded machine is slow, not wrong. */
export const WAIT_MS = 15_000;

/** Waits until `condition` is truthy; what it throws counts as false. */
export async function until(condition: () => unknown, timeout = WAIT_MS): Promise<void> {
  await vi.waitFor(
    async () => {
      if (!(await condition())) throw new Error(`not true within ${timeout} ms: ${condition}`);
    },
    { timeout, interval: 5 },
  );
}

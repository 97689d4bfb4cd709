import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Problem } from '../../src/protocol/problem.ts';
import { Admission } from '../../src/stream/admission.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Openings that each take `ms` of one of `concurrency` places. Waits for all to settle, by the timers of the test alone. */
function simulate(concurrency: number, ms: number) {
  const admission = new Admission({ concurrency, maxWaitMs: 1_000, now: () => Date.now() });
  const outcomes: { opened: boolean; waitedMs: number; retryAfter: number | undefined }[] = [];
  async function arrive(): Promise<void> {
    const at = Date.now();
    try {
      const leave = await admission.enter();
      const waitedMs = Date.now() - at;
      setTimeout(() => {
        leave();
        outcomes.push({ opened: true, waitedMs, retryAfter: undefined });
      }, ms);
    } catch (error) {
      const { retryAfter } = (error as Problem).options;
      outcomes.push({ opened: false, waitedMs: Date.now() - at, retryAfter });
    }
  }
  return { admission, outcomes, arrive };
}

describe('Admission of openings', () => {
  it.each([60, 300, 3_000])(
    'opens as many as can be served while %i a second are offered',
    async (offered) => {
      // Two places of 80 ms: 25 a second.
      const { outcomes, arrive } = simulate(2, 80);
      const everyMs = 1_000 / offered;
      let sent = 0;
      for (let ms = 0; ms < 20_000; ms += 10) {
        for (; sent * everyMs <= ms; sent++) void arrive();
        await vi.advanceTimersByTimeAsync(10);
      }
      const opened = outcomes.filter((one) => one.opened);
      expect(opened.length).toBeGreaterThan(20 * 25 * 0.95);
      for (const { waitedMs } of opened) expect(waitedMs).toBeLessThanOrEqual(1_000);
      // Apart from the first second, in which the duration is not known yet, a refusal costs its client no time.
      const late = outcomes.filter((one) => !one.opened && one.waitedMs > 0);
      expect(late.length).toBeLessThan(outcomes.length * 0.1 + 100);
    },
  );

  it('asks those that it refuses to come again the later, the more they are', async () => {
    const { outcomes, arrive } = simulate(1, 100);
    for (let number = 0; number < 10; number++) {
      void arrive();
      await vi.advanceTimersByTimeAsync(100);
    }
    for (let number = 0; number < 1_000; number++) void arrive();
    await vi.advanceTimersByTimeAsync(0);
    const asked = outcomes.flatMap(({ retryAfter }) => retryAfter ?? []);
    expect(asked[0]).toBe(2);
    expect(asked.at(-1)).toBe(30);
  });

  it('passes the place of a client that has gone, and of an opening that ends twice, once', async () => {
    const admission = new Admission({ concurrency: 1, maxWaitMs: 1_000 });
    const leave = await admission.enter();
    let gone = false;
    const left = Promise.resolve(admission.enter(() => gone)).catch((error: unknown) => error);
    const stays = admission.enter();
    gone = true;
    leave();
    leave();
    expect(await left).toBeInstanceOf(Problem);
    const next = await stays;
    expect(admission.load).toEqual({ running: 1, waiting: 0 });
    next();
    expect(admission.load).toEqual({ running: 0, waiting: 0 });
  });

  it('admits again at once when the database answers again', async () => {
    const { admission, arrive, outcomes } = simulate(2, 2_000);
    for (let number = 0; number < 40; number++) void arrive();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(outcomes).toHaveLength(40);
    const leave = await admission.enter();
    leave();
    expect(admission.load).toEqual({ running: 0, waiting: 0 });
  });
});

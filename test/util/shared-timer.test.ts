import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { callTogether } from '../../src/util/shared-timer.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Starts a delay; returns the times at which it was over, ms from the start of the test. */
function started(ms: number): { readonly at: number[]; readonly cancel: () => void } {
  const at: number[] = [];
  return { at, cancel: callTogether(() => at.push(performance.now()), ms) };
}

test('delays that end at nearly the same time end together, by one timer', async () => {
  const first = started(1_000);
  await vi.advanceTimersByTimeAsync(20);
  const second = started(1_000);
  const third = started(960);
  expect(vi.getTimerCount()).toBe(1);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(first.at).toHaveLength(1);
  expect(second.at).toEqual(first.at);
  expect(third.at).toEqual(first.at);
});

test('a delay is off by half a step at most, and a short one not at all', async () => {
  for (let offset = 0; offset < 60; offset += 7) {
    const from = performance.now();
    const [poll, retry] = [started(50), started(5)];
    await vi.advanceTimersByTimeAsync(100 + offset);
    expect(Math.abs((poll.at[0] as number) - from - 50)).toBeLessThanOrEqual(26);
    expect(retry.at).toEqual([from + 5]);
  }
});

test('what is cancelled is not called, and the last one leaves no timer', async () => {
  const [first, second] = [started(200), started(200)];
  first.cancel();
  expect(vi.getTimerCount()).toBe(1);
  second.cancel();
  second.cancel();
  expect(vi.getTimerCount()).toBe(0);
  const third = started(200);
  await vi.advanceTimersByTimeAsync(300);
  expect([first.at, second.at, third.at.length]).toEqual([[], [], 1]);
  // Cancelled when it is over: a later one of the same instant stays.
  third.cancel();
});

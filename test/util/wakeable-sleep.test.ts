import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { WakeableSleep } from '../../src/util/wakeable-sleep.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Whether a promise has resolved by now. */
async function isOver(sleep: Promise<void>): Promise<boolean> {
  let over = false;
  void sleep.then(() => {
    over = true;
  });
  await vi.advanceTimersByTimeAsync(0);
  return over;
}

test('A sleep ends after its time, and not before', async () => {
  const sleep = new WakeableSleep().sleep(100);
  await vi.advanceTimersByTimeAsync(99);
  expect(await isOver(sleep)).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(await isOver(sleep)).toBe(true);
});

test('A sleep ends when it is woken, and leaves no timer', async () => {
  const pause = new WakeableSleep();
  const sleep = pause.sleep(100);
  pause.wake();
  expect(await isOver(sleep)).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});

test('A wake without a sleeper ends the next sleep, and only that', async () => {
  const pause = new WakeableSleep();
  pause.wake();
  pause.wake();
  expect(await isOver(pause.sleep(100))).toBe(true);
  expect(await isOver(pause.sleep(100))).toBe(false);
});

test('A signal ends a sleep, also one that begins after it', async () => {
  const pause = new WakeableSleep();
  const over = new AbortController();
  const sleep = pause.sleep(100, over.signal);
  over.abort();
  expect(await isOver(sleep)).toBe(true);
  expect(await isOver(pause.sleep(100, over.signal))).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});

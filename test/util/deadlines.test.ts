import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Deadlines } from '../../src/util/deadlines.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Work that records when it expired, ms. */
class Work {
  readonly at: number[] = [];

  expire(): void {
    this.at.push(performance.now());
  }
}

test('each work expires at its own deadline, by one timer', async () => {
  const deadlines = new Deadlines(1_000);
  const works = Array.from({ length: 5 }, () => new Work());
  const due: number[] = [];
  for (const work of works) {
    deadlines.add(work);
    due.push(performance.now() + 1_000);
    await vi.advanceTimersByTimeAsync(150);
    expect(vi.getTimerCount()).toBe(1);
  }
  await vi.advanceTimersByTimeAsync(5_000);
  expect(works.map(({ at }) => at.length)).toEqual([1, 1, 1, 1, 1]);
  for (const [index, { at }] of works.entries())
    expect(Math.abs((at[0] as number) - (due[index] as number))).toBeLessThanOrEqual(2);
  expect(vi.getTimerCount()).toBe(0);
});

test('work that was deleted does not expire, and what is added later has its full time', async () => {
  const deadlines = new Deadlines(1_000);
  const [deleted, later] = [new Work(), new Work()];
  deadlines.add(deleted);
  deadlines.delete(deleted);
  await vi.advanceTimersByTimeAsync(990);
  deadlines.add(later);
  await vi.advanceTimersByTimeAsync(980);
  expect(later.at).toEqual([]);
  await vi.advanceTimersByTimeAsync(30);
  expect(later.at).toHaveLength(1);
  expect(deleted.at).toEqual([]);
});

test('work may be added and deleted while others expire', async () => {
  const deadlines = new Deadlines(100);
  const [second, third] = [new Work(), new Work()];
  deadlines.add({
    expire() {
      deadlines.delete(second);
      deadlines.add(third);
    },
  });
  deadlines.add(second);
  await vi.advanceTimersByTimeAsync(150);
  expect([second.at.length, third.at.length]).toEqual([0, 0]);
  await vi.advanceTimersByTimeAsync(100);
  expect([second.at.length, third.at.length]).toEqual([0, 1]);
});

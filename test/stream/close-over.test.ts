import { expect, test } from 'vitest';
import { randomFrom } from '../support/random.ts';
import { createSink, createStreams, LIMITS, openStream } from './fixture.ts';

const WINDOW_MS = 3_000;
const STREAMS = 2_000;

/** Counts of values in equal parts of a range. */
function histogram(values: readonly number[], from: number, to: number, parts: number): number[] {
  const counts = Array.from({ length: parts }, () => 0);
  for (const value of values) {
    const part = Math.min(parts - 1, Math.floor(((value - from) / (to - from)) * parts));
    counts[part] = (counts[part] ?? 0) + 1;
  }
  return counts;
}

/** Closes streams over a window in which time passes with sleeps alone. */
async function closeOverWindow(random: () => number) {
  const streams = createStreams({ random });
  let now = 0;
  const closed: { index: number; atMs: number; retryMs: number }[] = [];
  for (let index = 0; index < STREAMS; index++) {
    const { sink, read } = createSink();
    const end = () => void closed.push({ index, atMs: now, retryMs: read().retry ?? Number.NaN });
    openStream(streams, { ...sink, end });
  }
  const closing = streams.closeOver(WINDOW_MS, {
    now: () => now,
    sleep: async (ms) => {
      now += ms;
    },
  });
  expect(() => streams.admit()).toThrow();
  await closing;
  expect(streams.size).toBe(0);
  return closed;
}

test('Streams that are closed over a window end at instants that fill it evenly, in random order', async () => {
  const closed = await closeOverWindow(randomFrom(7));
  const order = closed.map(({ index }) => index);
  expect(order).not.toEqual(order.toSorted((one, other) => one - other));
  expect(new Set(order).size).toBe(STREAMS);
  // 15 parts of 200 ms with 133 each on average.
  for (const count of histogram(
    closed.map(({ atMs }) => atMs),
    0,
    WINDOW_MS,
    15,
  )) {
    expect(count).toBeGreaterThan(80);
    expect(count).toBeLessThan(200);
  }
});

test('Each gets a reconnection time of its own, from the minimum to three times that, so openings elsewhere are no wave', async () => {
  const closed = await closeOverWindow(randomFrom(7));
  const { retryMs: min } = LIMITS;
  for (const { retryMs } of closed) {
    expect(retryMs).toBeGreaterThanOrEqual(min);
    expect(retryMs).toBeLessThan(3 * min);
  }
  const counts = histogram(
    closed.map(({ retryMs }) => retryMs),
    min,
    3 * min,
    10,
  );
  for (const count of counts) expect(count).toBeGreaterThan(120);
  // Of the openings, which begin when that time is over, no part of 200 ms has more than a tenth.
  const openings = closed.map(({ atMs, retryMs }) => atMs + retryMs);
  const wave = histogram(openings, 0, WINDOW_MS + 3 * min, (WINDOW_MS + 3 * min) / 200);
  expect(Math.max(...wave)).toBeLessThan(STREAMS / 10);
});

test('Streams that are closed at once, or reset, get one, too', () => {
  for (const end of ['close', 'reset'] as const) {
    const streams = createStreams({ random: randomFrom(3) });
    const sinks = Array.from({ length: 50 }, () => createSink());
    for (const { sink } of sinks) openStream(streams, sink);
    const before = sinks.map(({ read }) => read().retry);
    if (end === 'close') streams.close();
    else streams.closeWhere(() => true, 'reset');
    const after = sinks.map(({ read }) => read().retry);
    expect(after).not.toEqual(before);
    expect(new Set(after).size).toBeGreaterThan(40);
  }
});

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { encodeBytes } from '../../src/channel/live-frame.ts';
import { LINGER_MS } from '../../src/stream/sink.ts';
import { StallDetector } from '../../src/stream/stall.ts';
import { openWebSink } from '../../src/stream/web-sink.ts';

test('A peer stalls while it takes none of the waiting bytes, and not while it takes a few', () => {
  const detector = new StallDetector();
  expect(detector.stalledFor({ unsent: 0, taken: 10 }, 1_000)).toBe(0);
  expect(detector.stalledFor({ unsent: 90, taken: 10 }, 2_000)).toBe(0);
  expect(detector.stalledFor({ unsent: 90, taken: 10 }, 3_000)).toBe(1_000);
  // More waits for it now, and it has taken none of it.
  expect(detector.stalledFor({ unsent: 190, taken: 10 }, 4_000)).toBe(2_000);
  expect(detector.stalledFor({ unsent: 189, taken: 11 }, 5_000)).toBe(0);
  expect(detector.stalledFor({ unsent: 189, taken: 11 }, 6_000)).toBe(1_000);
  expect(detector.stalledFor({ unsent: 0, taken: 200 }, 7_000)).toBe(0);
  // It took everything: what is written to it later has not waited since then.
  expect(detector.stalledFor({ unsent: 0, taken: 200 }, 99_000)).toBe(0);
  expect(detector.stalledFor({ unsent: 50, taken: 200 }, 99_500)).toBe(0);
});

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('A web stream that has ended is errored when its reader takes no more of it', async () => {
  for (const reads of [true, false]) {
    const { sink, body } = openWebSink(undefined);
    const reader = body.getReader();
    sink.write(encodeBytes('data: 1\n\n'));
    const before = sink.taken;
    if (reads) await reader.read();
    expect(sink.taken - before).toBe(reads ? 9 : 0);
    sink.end();
    if (reads) expect((await reader.read()).done).toBe(true);
    await vi.advanceTimersByTimeAsync(LINGER_MS);
    if (!reads) await expect(reader.read()).rejects.toThrow('too slow');
  }
});

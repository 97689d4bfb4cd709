import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createSink, createStreams, openStream } from './fixture.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('A stream keeps its heartbeats when the system clock is set back', async () => {
  const streams = createStreams({ limits: { heartbeatMs: 5_000 } });
  streams.start();
  const { sink, read } = createSink();
  openStream(streams, sink);
  const beats = () => read().comments.length;
  await vi.advanceTimersByTimeAsync(10_000);
  const before = beats();
  expect(before).toBeGreaterThan(0);
  vi.setSystemTime(Date.now() - 600_000);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(beats()).toBeGreaterThanOrEqual(before + 3);
  streams.close();
});

test('Streams at rest cost their heartbeats: no tick reads of those of which nothing is due', async () => {
  const [count, heartbeatMs] = [1_000, 20_000];
  const streams = createStreams({ limits: { heartbeatMs } });
  streams.start();
  let reads = 0;
  const sinks = Array.from({ length: count }, () => {
    const { sink, read } = createSink();
    openStream(streams, {
      ...sink,
      get unsent() {
        reads += 1;
        return 0;
      },
    });
    return read;
  });
  await vi.advanceTimersByTimeAsync(1_500);
  const beats = () => sinks.reduce((sum, read) => sum + read().comments.length, 0);
  const before = { reads, beats: beats() };
  await vi.advanceTimersByTimeAsync(10 * heartbeatMs);
  const beaten = beats() - before.beats;
  // Each interval is between the ticks nearest to its ends.
  expect(beaten).toBeGreaterThan(9 * count);
  expect(beaten).toBeLessThan(11 * count);
  // Before and after a write.
  expect(reads - before.reads).toBeLessThanOrEqual(3 * beaten);
  streams.close();
});

test('A stream expires with the first tick after its time, and one with unsent bytes is closed in time', async () => {
  const streams = createStreams({ limits: { heartbeatMs: 60_000, maxStallMs: 3_000 } });
  streams.start();
  const expires = openStream(streams, createSink().sink, { expiresAt: new Date(Date.now() + 7_400) });
  const stalls = openStream(streams, { ...createSink().sink, unsent: 0 });
  await vi.advanceTimersByTimeAsync(5_000);
  expect([expires.state, stalls.state]).not.toContain('closed');
  await vi.advanceTimersByTimeAsync(3_500);
  expect(expires.closeReason).toBe('expired');
  const { sink } = createSink();
  const slow = openStream(streams, { ...sink, unsent: 10, taken: 0 });
  await vi.advanceTimersByTimeAsync(3_000);
  expect(slow.state).not.toBe('closed');
  await vi.advanceTimersByTimeAsync(2_500);
  expect(slow.closeReason).toBe('slow');
  expect(stalls.state).not.toBe('closed');
  streams.close();
});

test('A stream that is extended goes on', async () => {
  const streams = createStreams({ limits: { heartbeatMs: 60_000 } });
  streams.start();
  const stream = openStream(streams, createSink().sink, { expiresAt: new Date(Date.now() + 7_000) });
  await vi.advanceTimersByTimeAsync(3_000);
  stream.expiresAt = new Date(Date.now() + 60_000);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(stream.state).toBe('live');
  await vi.advanceTimersByTimeAsync(32_000);
  expect(stream.closeReason).toBe('expired');
  streams.close();
});

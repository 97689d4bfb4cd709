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

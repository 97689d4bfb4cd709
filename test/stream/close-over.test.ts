import { expect, test } from 'vitest';
import { createSink, createStreams, openStream } from './fixture.ts';

test('Streams that are closed over a period end one after the other, in random order', async () => {
  const streams = createStreams();
  const ended: number[] = [];
  for (let index = 0; index < 200; index++)
    openStream(streams, { ...createSink().sink, end: () => void ended.push(index) });
  const startedAt = performance.now();
  const closed = streams.closeOver(400);
  expect(() => streams.admit()).toThrow();
  // The first share is closed at once, and no more than that.
  expect(ended.length).toBeGreaterThan(0);
  expect(ended.length).toBeLessThan(50);
  await closed;
  expect(performance.now() - startedAt).toBeGreaterThan(300);
  expect(ended.toSorted((one, other) => one - other)).toEqual(
    Array.from({ length: 200 }, (_, index) => index),
  );
  expect(ended).not.toEqual(ended.toSorted((one, other) => one - other));
  expect(streams.size).toBe(0);
});

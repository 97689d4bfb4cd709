import type { Connection } from 'mysql2/promise';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { whileServerSends } from '../../src/db/silence.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A connection whose server sends when it is told to. */
function serverThatSends() {
  const stream = { bytesRead: 7 };
  const outcome: string[] = [];
  let answer = (_: string) => {};
  const waiting = whileServerSends(
    { connection: { stream } } as unknown as Connection,
    2_000,
    new Promise<string>((resolve) => {
      answer = resolve;
    }),
  );
  waiting.then(
    (value) => outcome.push(value),
    (error: Error) => outcome.push(error.message),
  );
  return { stream, outcome, answer: (value: string) => answer(value) };
}

test('a server that sends nothing is given up after 2 s', async () => {
  const { outcome } = serverThatSends();
  await vi.advanceTimersByTimeAsync(1_900);
  expect(outcome).toEqual([]);
  await vi.advanceTimersByTimeAsync(600);
  expect(outcome).toEqual(['the database sent nothing for 2000 ms']);
  expect(vi.getTimerCount()).toBe(0);
});

test('an answer that is long under way, byte by byte, is waited for', async () => {
  const { stream, outcome, answer } = serverThatSends();
  for (let second = 0; second < 10; second++) {
    stream.bytesRead += 1;
    await vi.advanceTimersByTimeAsync(1_000);
  }
  expect(outcome).toEqual([]);
  answer('whole');
  await vi.advanceTimersByTimeAsync(0);
  expect(outcome).toEqual(['whole']);
  expect(vi.getTimerCount()).toBe(0);
});

test('what arrived while this process was frozen is read before the server is given up', async () => {
  const { stream, outcome } = serverThatSends();
  await vi.advanceTimersByTimeAsync(400);
  vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 60_000);
  // Sockets are read after the timer, in the same round of the event loop.
  setTimeout(() => {
    stream.bytesRead += 1;
  }, 100);
  await vi.advanceTimersByTimeAsync(100);
  await vi.advanceTimersByTimeAsync(400);
  expect(outcome).toEqual([]);
  vi.restoreAllMocks();
});

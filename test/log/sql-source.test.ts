import { getEventListeners } from 'node:events';
import type { Connection } from 'mysql2/promise';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { sqlSource } from '../../src/log/sql-source.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('a read ends with its connection, and leaves no timer that keeps the process from exiting', async () => {
  const connection = {
    connection: { stream: { bytesRead: 0 } },
    // A connection that is destroyed never answers the query that is under way.
    query: () => new Promise(() => {}),
  } as unknown as Connection;
  const dropped = new AbortController();
  const read = expect(sqlSource(connection, dropped.signal).head()).rejects.toThrow('dropped');
  await vi.advanceTimersByTimeAsync(100);
  dropped.abort(new Error('dropped'));
  await read;
  expect(vi.getTimerCount()).toBe(0);
});

test('a connection holds nothing of the reads that were answered', async () => {
  const connection = {
    connection: { stream: { bytesRead: 0 } },
    query: async () => [[{ head: 0, term: 'a', tag: null, server: 's', rowTag: null, mended: 0 }], []],
  } as unknown as Connection;
  const { signal } = new AbortController();
  expect(await sqlSource(connection, signal).head()).toMatchObject({ head: 0 });
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

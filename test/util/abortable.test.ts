import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { abortable } from '../../src/util/abortable.ts';

test('an outcome is passed on, and the signal holds nothing of it', async () => {
  const { signal } = new AbortController();
  expect(await abortable(Promise.resolve('answer'), signal)).toBe('answer');
  await expect(abortable(Promise.reject(new Error('refused')), signal)).rejects.toThrow('refused');
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test('the signal ends a wait, and one that begins later', async () => {
  const controller = new AbortController();
  const waiting = expect(abortable(new Promise(() => {}), controller.signal)).rejects.toThrow('dropped');
  controller.abort(new Error('dropped'));
  await waiting;
  await expect(abortable(new Promise(() => {}), controller.signal)).rejects.toThrow('dropped');
  expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
});

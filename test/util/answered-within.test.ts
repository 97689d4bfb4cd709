import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { expect, onTestFinished, test, vi } from 'vitest';
import { answeredWithin } from '../../src/util/answered-within.ts';

test('an answer that takes longer is given up', async () => {
  await expect(answeredWithin(new Promise(() => {}), 20)).rejects.toMatchObject({
    message: 'no answer within 20 ms',
    code: 'ETIMEDOUT',
  });
});

test('a failure is passed on, also one that comes too late', async () => {
  await expect(answeredWithin(Promise.reject(new Error('refused')), 60_000)).rejects.toThrow('refused');
  let fail = (_: Error) => {};
  const failing = new Promise<never>((_, reject) => {
    fail = reject;
  });
  await expect(answeredWithin(failing, 1)).rejects.toThrow('no answer');
  fail(new Error('refused'));
});

test('a wait alone does not keep the process from exiting', () => {
  const timers = vi.spyOn(globalThis, 'setTimeout');
  onTestFinished(() => timers.mockRestore());
  void answeredWithin(new Promise(() => {}), 60_000).catch(() => {});
  expect(timers).toHaveBeenCalledOnce();
  expect(timers.mock.results[0]?.value.hasRef()).toBe(false);
});

test('an answer that arrived while this process was busy counts, however long that was', async () => {
  const sent = new Int32Array(new SharedArrayBuffer(4));
  const peer = new Worker(
    `const { parentPort, workerData } = require('node:worker_threads');
     parentPort.once('message', () => {
       parentPort.postMessage('answer');
       Atomics.store(workerData, 0, 1);
       Atomics.notify(workerData, 0);
     });`,
    { eval: true, workerData: sent },
  );
  onTestFinished(() => void peer.terminate());
  await once(peer, 'online');
  // The next round of the event loop begins with timers.
  await setImmediate();
  const answer = once(peer, 'message').then(([value]) => value);
  const waiting = answeredWithin(answer, 1);
  peer.postMessage('question');
  const askedAt = performance.now();
  Atomics.wait(sent, 0, 0);
  while (performance.now() - askedAt < 5);
  expect(await waiting).toBe('answer');
});

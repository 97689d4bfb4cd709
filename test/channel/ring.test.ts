import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { LiveFrame } from '../../src/channel/live-frame.ts';
import { Ring } from '../../src/channel/ring.ts';
import { collectGarbage } from '../support/collect-garbage.ts';
import { frameOf, framesAfter, SOME_SCOPES, someScopes } from '../support/wire/frames.ts';

const ids = (frames: readonly LiveFrame[] | undefined) => frames?.map((frame) => frame.id);

test('the ring returns exactly the frames of the scopes above a position, or undefined below its floor', () => {
  const limits = fc.record({
    frames: fc.integer({ min: 1, max: 60 }),
    bytes: fc.integer({ min: 1, max: 30_000 }),
  });
  const questions = fc.array(fc.tuple(fc.nat(160), someScopes), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(limits, fc.nat(20), framesAfter(20, 120), questions, (limits, floor, frames, questions) => {
      const ring = new Ring(limits, floor);
      for (const frame of frames) ring.push(frame);
      for (const [after, scopes] of questions) {
        const got = ring.since(after, scopes);
        if (after < ring.floor) expect(got).toBeUndefined();
        else
          expect(ids(got)).toEqual(
            ids(frames.filter((frame) => frame.id > after && scopes.includes(frame.scope))),
          );
      }
    }),
    { numRuns: 500 },
  );
});

test('the ring keeps to its bounds and evicts no more than it must', () => {
  const limits = fc.record({
    frames: fc.integer({ min: 1, max: 30 }),
    bytes: fc.integer({ min: 1, max: 20_000 }),
  });
  fc.assert(
    fc.property(limits, framesAfter(0, 120), (limits, frames) => {
      const ring = new Ring(limits, 0);
      let kept: LiveFrame[] = [];
      let floor = 0;
      const weight = () => kept.reduce((sum, frame) => sum + frame.weight, 0);
      for (const frame of frames) {
        ring.push(frame);
        kept = [...kept, frame];
        while (kept.length > limits.frames || weight() > limits.bytes) floor = kept.shift()?.id ?? floor;
        expect(ring.floor).toBe(floor);
        expect(ring.size).toBe(kept.length);
      }
      expect(ids(ring.since(floor, SOME_SCOPES))).toEqual(ids(kept));
    }),
  );
});

test('the ring may be filled to its last byte', () => {
  const [first, second] = [frameOf(1), frameOf(2)];
  const ring = new Ring({ frames: 100, bytes: first.weight + second.weight }, 0);
  ring.push(first);
  ring.push(second);
  expect(ids(ring.since(0, ['global']))).toEqual([1, 2]);
});

test('a ring that was reset has no earlier frame', () => {
  const ring = new Ring({ frames: 100, bytes: 1 << 20 }, 0);
  for (let id = 1; id <= 50; id++) ring.push(frameOf(id));
  ring.reset(30);
  expect(ring.size).toBe(0);
  expect(ring.since(29, ['global'])).toBeUndefined();
  expect(ring.since(30, ['global'])).toEqual([]);
  ring.push(frameOf(31));
  expect(ids(ring.since(30, ['global']))).toEqual([31]);
});

test('a caller that changes a result does not change the ring', () => {
  const ring = new Ring({ frames: 100, bytes: 1 << 20 }, 0);
  for (let id = 1; id <= 10; id++) ring.push(frameOf(id));
  ring.since(0, ['global'])?.splice(0, 5);
  expect(ids(ring.since(0, ['global']))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

test('a ring of many frames of one scope can be read whole', () => {
  const many = 200_000;
  const ring = new Ring({ frames: many, bytes: Number.POSITIVE_INFINITY }, 0);
  for (let id = 1; id <= many; id++) ring.push(frameOf(id));
  expect(ring.since(0, ['global', 'player:1'])?.length).toBe(many);
});

test('scopes without a frame in the ring take no memory', () => {
  const ring = new Ring({ frames: 10, bytes: 1 << 20 }, 0);
  const SCOPES = 100_000;
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  for (let id = 1; id <= SCOPES; id++) ring.push(frameOf(id, { scope: `player:${id}` }));
  collectGarbage();
  // An entry of a map alone takes more.
  expect((process.memoryUsage().heapUsed - before) / SCOPES).toBeLessThan(20);
  expect(ring.size).toBe(10);
});

test('evicted frames take no memory', async () => {
  const ring = new Ring({ frames: 10, bytes: 1 << 20 }, 0);
  const pushed: WeakRef<LiveFrame>[] = [];
  for (let id = 1; id <= 100; id++) {
    const frame = frameOf(id, { scope: `player:${(id % 3) + 1}` });
    ring.push(frame);
    pushed.push(new WeakRef(frame));
  }
  // What a WeakRef was made of lives until the end of the turn.
  await new Promise(setImmediate);
  collectGarbage();
  expect(pushed.filter((frame) => frame.deref() !== undefined).length).toBe(ring.size);
});

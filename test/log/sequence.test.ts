import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Sequence } from '../../src/log/sequence.ts';

const rows = (ids: readonly number[]) => ids.map((id) => ({ id }));

/** Any rows in ascending order: positions below, at and far above the watermark, with gaps. */
const run = fc
  .uniqueArray(fc.integer({ min: 1, max: 80 }), { maxLength: 12 })
  .map((ids) => ids.sort((a, b) => a - b));

test('each position comes out once, in order, and not before all positions below it', () => {
  const maxRuns = fc.integer({ min: 1, max: 6 });
  fc.assert(
    fc.property(fc.nat(20), maxRuns, fc.array(run, { maxLength: 60 }), (start, maxRuns, offers) => {
      const sequence = new Sequence(start, maxRuns);
      const out: number[] = [];
      const given = new Set<number>();
      for (const offer of offers) {
        for (const id of offer) given.add(id);
        out.push(...sequence.take(rows(offer)).map((row) => row.id));
        expect(sequence.watermark).toBe(start + out.length);
        expect(sequence.firstAhead ?? Number.POSITIVE_INFINITY).toBeGreaterThan(sequence.watermark + 1);
      }
      expect(out).toEqual(out.map((_, index) => start + 1 + index));
      expect(out.every((id) => given.has(id))).toBe(true);
    }),
    { numRuns: 1_000 },
  );
});

test('the lowest position above a gap is known until the gap is filled', () => {
  const sequence = new Sequence(0);
  expect(sequence.firstAhead).toBeUndefined();
  sequence.take(rows([8, 9]));
  sequence.take(rows([4, 5]));
  expect(sequence.firstAhead).toBe(4);
  sequence.take(rows([1, 2, 3]));
  expect(sequence.firstAhead).toBe(8);
  sequence.take(rows([6, 7]));
  expect(sequence.firstAhead).toBeUndefined();
});

test('what was held is handed on as soon as the gap below it is filled', () => {
  fc.assert(
    fc.property(fc.array(run, { maxLength: 60 }), (offers) => {
      // With room for every run nothing is dropped, so all that is contiguous must be out.
      const sequence = new Sequence(0, 1_000);
      const given = new Set<number>();
      let due = 0;
      for (const offer of offers) {
        for (const id of offer) given.add(id);
        while (given.has(due + 1)) due++;
        sequence.take(rows(offer));
        expect(sequence.watermark).toBe(due);
      }
    }),
    { numRuns: 500 },
  );
});

test('whatever was dropped comes out all the same once it is given again', () => {
  const scramble = fc.array(run, { minLength: 5, maxLength: 60 });
  fc.assert(
    fc.property(scramble, fc.integer({ min: 1, max: 3 }), (offers, maxRuns) => {
      const sequence = new Sequence(0, maxRuns);
      const out = offers.flatMap((offer) => sequence.take(rows(offer)));
      // Reading on from the watermark, as a follower does, in pages of any size.
      for (const size of [1, 7, 30, 100]) {
        const from = sequence.watermark + 1;
        out.push(...sequence.take(rows(Array.from({ length: size }, (_, index) => from + index))));
      }
      expect(out.map((row) => row.id)).toEqual(out.map((_, index) => index + 1));
      expect(sequence.watermark).toBeGreaterThanOrEqual(138);
    }),
    { numRuns: 300 },
  );
});

test('of rows that were read at once, those above a gap are not held', () => {
  const sequence = new Sequence(0);
  expect(sequence.takeContiguous(rows([2, 3]))).toEqual([]);
  expect(idsOf(sequence.takeContiguous(rows([1, 3, 4])))).toEqual([1]);
  expect([sequence.watermark, sequence.firstAhead]).toEqual([1, undefined]);
  expect(idsOf(sequence.takeContiguous(rows([1, 2, 3])))).toEqual([2, 3]);
  expect(sequence.takeContiguous([])).toEqual([]);
});

test('a reset drops what was held', () => {
  const sequence = new Sequence(0);
  expect(sequence.take(rows([3, 4]))).toEqual([]);
  sequence.reset(2);
  expect([sequence.watermark, sequence.firstAhead]).toEqual([2, undefined]);
  expect(sequence.take(rows([4]))).toEqual([]);
  expect(sequence.take(rows([3])).map((row) => row.id)).toEqual([3, 4]);
});

test('a long run in order is handed on as it is', () => {
  const all = rows(Array.from({ length: 50_000 }, (_, index) => index + 1));
  const sequence = new Sequence(0);
  const ready = sequence.take(all);
  expect(ready).toEqual(all);
  expect(sequence.watermark).toBe(50_000);
});

const idsOf = (taken: readonly { readonly id: number }[]) => taken.map(({ id }) => id);

test('rows are dropped where they do not continue what precedes them', () => {
  const sequence = new Sequence(0);
  const previous: unknown[] = [];
  const continues = (answer: boolean) => (row: unknown) => {
    previous.push(row);
    return answer;
  };
  expect(sequence.take(rows([1, 2]), continues(false))).toEqual([]);
  expect(sequence.watermark).toBe(0);
  expect(idsOf(sequence.take(rows([1, 2]), continues(true)))).toEqual([1, 2]);
  // Held: asked once what precedes them is there.
  expect(sequence.take(rows([6, 7]), continues(true))).toEqual([]);
  expect(sequence.take(rows([10]), continues(false))).toEqual([]);
  expect(previous).toEqual([undefined, undefined]);
  expect(idsOf(sequence.take(rows([3, 4, 5])))).toEqual([3, 4, 5, 6, 7]);
  expect(idsOf(sequence.take(rows([8, 9])))).toEqual([8, 9]);
  expect(previous).toEqual([undefined, undefined, { id: 5 }, { id: 9 }]);
});

test('rows of which some were handed on already are dropped, without a question, for the rest is read, too', () => {
  const sequence = new Sequence(3);
  const continues = () => {
    throw new Error('asked');
  };
  expect(sequence.take(rows([3, 4, 5]), continues)).toEqual([]);
  expect(sequence.take(rows([1, 2, 3, 4]), continues)).toEqual([]);
  expect(idsOf(sequence.take(rows([3, 4, 5])))).toEqual([4, 5]);
});

test('of two runs that begin at one position the longer one is held, and of equal ones the first', () => {
  for (const runs of [
    [[5, 6, 7], [5]],
    [[5], [5, 6, 7]],
  ]) {
    const sequence = new Sequence(0);
    for (const run of runs) sequence.take(rows(run));
    expect(idsOf(sequence.take(rows([1, 2, 3, 4])))).toEqual([1, 2, 3, 4, 5, 6, 7]);
  }
  const sequence = new Sequence(0);
  sequence.take(rows([5]), () => true);
  sequence.take(rows([5]), () => false);
  expect(idsOf(sequence.take(rows([1, 2, 3, 4])))).toEqual([1, 2, 3, 4, 5]);
});

test('beyond the limit of held runs the highest is dropped; a run counts once, whatever its length', () => {
  const sequence = new Sequence(0, 2);
  sequence.take(rows([3, 4, 5, 7]));
  sequence.take(rows([9, 10]));
  expect(idsOf(sequence.take(rows([1, 2])))).toEqual([1, 2, 3, 4, 5]);
  expect(idsOf(sequence.take(rows([6])))).toEqual([6, 7]);
  expect(idsOf(sequence.take(rows([8])))).toEqual([8]);
});

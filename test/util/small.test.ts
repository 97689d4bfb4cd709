import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chunk } from '../../src/util/chunk.ts';
import { sqlTime } from '../../src/util/sql-time.ts';
import { truncate } from '../../src/util/truncate.ts';

test('chunk keeps every item in order, in slices of one size', () => {
  fc.assert(
    fc.property(fc.array(fc.nat()), fc.integer({ min: 1, max: 7 }), (items, size) => {
      const chunks = chunk(items, size);
      expect(chunks.flat()).toEqual(items);
      expect(chunks.slice(0, -1).every(({ length }) => length === size)).toBe(true);
      expect(chunks.every(({ length }) => length > 0 && length <= size)).toBe(true);
    }),
  );
});

test('sqlTime writes an instant in UTC, to the millisecond', () => {
  expect(sqlTime(Date.UTC(2026, 10, 30, 1, 2, 3, 4))).toBe('2026-11-30 01:02:03.004');
  expect(sqlTime('2026-11-30T03:02:03.004+02:00')).toBe('2026-11-30 01:02:03.004');
});

test('truncate never splits a character, nor leaves half of one', () => {
  expect(truncate('abc', 2)).toBe('ab');
  expect(truncate('a😀b', 2)).toBe('a');
  expect(truncate('a😀b', 3)).toBe('a😀');
  expect(truncate('a\ud800b', 3)).toBe('a\ufffdb');
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OpaqueIds } from '../../src/auth/opaque-ids.ts';

const keyed = (word: string) => new OpaqueIds(new TextEncoder().encode(word));

test('an id comes back from its opaque form, which is an id, too', () => {
  const ids = keyed('one');
  fc.assert(
    fc.property(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), (id) => {
      const opaque = ids.encode(id);
      expect(Number.isSafeInteger(opaque) && opaque >= 0).toBe(true);
      expect(ids.decode(opaque)).toBe(id);
    }),
  );
});

test('ids that follow one another do not afterwards, and another key gives others', () => {
  const first = Array.from({ length: 100 }, (_, index) => keyed('one').encode(index + 1));
  expect(new Set(first).size).toBe(100);
  expect(first).not.toEqual([...first].sort((a, b) => a - b));
  expect(first.filter((id) => id < 2 ** 40).length).toBeLessThan(5);
  expect(keyed('two').encode(1)).not.toBe(first[0]);
});

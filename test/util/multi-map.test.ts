import fc from 'fast-check';
import { expect, it } from 'vitest';
import { MultiMap } from '../../src/util/multi-map.ts';

const VALUES = Array.from({ length: 4 }, (_, name) => ({ name }));

it('A multi-map has the values of each key that were added and not deleted, in order', () => {
  const step = fc.record({
    adds: fc.boolean(),
    key: fc.integer({ min: 1, max: 2 }),
    value: fc.constantFrom(...VALUES),
  });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const map = new MultiMap<number, object>();
      const model: { key: number; value: object }[] = [];
      for (const { adds, key, value } of steps) {
        const at = model.findIndex((one) => one.key === key && one.value === value);
        if (adds) map.add(key, value);
        else map.delete(key, value);
        if (adds && at < 0) model.push({ key, value });
        if (!adds && at >= 0) model.splice(at, 1);
        for (const one of [1, 2]) {
          const values = model.filter((entry) => entry.key === one).map((entry) => entry.value);
          expect([...(map.get(one) ?? [])]).toEqual(values);
          expect(map.get(one) === undefined).toBe(values.length === 0);
          expect(map.count(one)).toBe(values.length);
        }
        expect(new Set(map.keys())).toEqual(new Set(model.map((entry) => entry.key)));
      }
    }),
  );
});

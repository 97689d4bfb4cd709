import { expect, test } from 'vitest';
import { PaddingGrowth } from '../../src/events/padding-growth.ts';

/** The factors of these appends; `+`: events have no room. */
const factorsOf = (growth: PaddingGrowth, appends: string) =>
  [...appends].map((append) => {
    growth.next(append === '+');
    return growth.factor;
  });
const times = (count: number, factor: number) => Array.from({ length: count }, () => factor);

test('appends grow while events have no room, and shrink after a number of appends, whatever waits', () => {
  const growth = new PaddingGrowth();
  expect(factorsOf(growth, '.++')).toEqual([1, 2, 4]);
  expect(factorsOf(growth, '.'.repeat(62))).toEqual([...times(30, 4), ...times(30, 2), 1, 1]);
  expect(factorsOf(growth, '+'.repeat(12)).slice(-4)).toEqual([256, 256, 256, 256]);
});

test('each growth after a shrink doubles the number of appends, until no contest is frozen', () => {
  const growth = new PaddingGrowth();
  factorsOf(growth, `+${'.'.repeat(31)}`);
  expect(factorsOf(growth, `+${'.'.repeat(61)}`)).toEqual([...times(61, 2), 1]);
  expect(factorsOf(growth, `+${'.'.repeat(121)}`)).toEqual([...times(121, 2), 1]);
  factorsOf(growth, '+');
  growth.reset();
  expect(growth.factor).toBe(1);
  expect(factorsOf(growth, `+${'.'.repeat(31)}`)).toEqual([...times(31, 2), 1]);
});

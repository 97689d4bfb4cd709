import { expect, it } from 'vitest';
import { counted, listed, ordinalSuffix } from '../../src/util/english.ts';

it('A list has commas, and no comma before its last word', () => {
  expect([[], ['a'], ['a', 'b'], ['a', 'b', 'c']].map(listed)).toEqual(['', 'a', 'a and b', 'a, b and c']);
});

it('A number is followed by the singular for one alone', () => {
  expect([0, 1, 2].map((count) => counted(count, 'row'))).toEqual(['0 rows', '1 row', '2 rows']);
});

it('A rank ends as it is said', () => {
  const ranks = [1, 2, 3, 4, 11, 12, 13, 21, 22, 23, 101, 111, 112];
  expect(ranks.map(ordinalSuffix).join(' ')).toBe('st nd rd th th th th st nd rd st th th');
});

import { expect, it } from 'vitest';
import { identifierOf, labelOf, relativeTimeOf } from '../../src/clics/formats.ts';

it.each([
  [0, '0:00:00.000'],
  [61_005, '0:01:01.005'],
  [36_000_000, '10:00:00.000'],
  [-1, '-0:00:00.001'],
  [-0, '0:00:00.000'],
])('%d ms are %s', (ms, text) => {
  expect(relativeTimeOf(ms)).toBe(text);
});

it('labels problems as columns of a spreadsheet', () => {
  expect([0, 25, 26, 51, 52, 701, 702].map(labelOf)).toEqual(['A', 'Z', 'AA', 'AZ', 'BA', 'ZZ', 'AAA']);
});

it('makes identifiers of any word, the word itself where it is one, and different ones of different words', () => {
  const words = ['cpp', 'C++', 'C__', 'C#', 'C', '', '-', 'π', 'x'.repeat(40), 'x'.repeat(41), 'a b', 'a.'];
  const ids = words.map(identifierOf);
  expect(ids[0]).toBe('cpp');
  expect(ids.every((id) => /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,34}[A-Za-z0-9_-])?$/.test(id))).toBe(true);
  expect(new Set(ids).size).toBe(words.length);
});

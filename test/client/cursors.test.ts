import { describe, expect, it } from 'vitest';
import { covers, earlier } from '../../src/client/cursors.ts';

describe('The earlier of two places to begin at', () => {
  it.each([
    [undefined, undefined, undefined],
    ['5-aaaa', undefined, '5-aaaa'],
    [undefined, '5-aaaa', '5-aaaa'],
    ['earliest', undefined, 'earliest'],
    [undefined, 'earliest', 'earliest'],
    ['earliest', '5-aaaa', 'earliest'],
    ['5-aaaa', 'earliest', 'earliest'],
    ['5-aaaa', '6-aaaa', '5-aaaa'],
    ['6-aaaa', '5-aaaa', '5-aaaa'],
    ['5', '4', '4'],
    ['5-aaaa', '5-bbbb', '5-aaaa'],
    // Terms do not matter.
    ['6-aaaa', '5-bbbb', '5-bbbb'],
    ['5-bbbb', '6-aaaa', '5-bbbb'],
    ['6-aaaa', '5', '5'],
    // What is no cursor cannot be compared.
    ['6-aaaa', 'none', '6-aaaa'],
    ['none', '6-aaaa', 'none'],
  ])('of %s and %s is %s', (one, other, expected) => {
    expect(earlier(one, other)).toBe(expected);
  });
});

describe('A stream that begins at a cursor', () => {
  it.each([
    ['4-aaaa', '5-aaaa', true],
    ['5-aaaa', '5-aaaa', true],
    ['6-aaaa', '5-aaaa', false],
    ['6', '5', false],
    ['6-aaaa', undefined, true],
    ['6-aaaa', 'none', true],
    ['earliest', '5-aaaa', true],
    // Terms do not matter.
    ['6-aaaa', '5-bbbb', false],
    ['6-aaaa', '5', false],
    ['5-aaaa', '6-bbbb', true],
  ])('at %s misses nothing for a client at %s: %s', (cursor, at, expected) => {
    expect(covers(cursor, at)).toBe(expected);
  });
});

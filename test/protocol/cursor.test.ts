import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatCursor, parseCursor } from '../../src/protocol/cursor.ts';
import { anyText } from '../support/arbitrary.ts';

const position = fc.oneof(fc.nat(100), fc.maxSafeNat());
const term = fc.stringMatching(/^[a-z0-9]{4,8}$/);

test('a cursor reads back as it was written', () => {
  fc.assert(
    fc.property(position, term, (id, term) => {
      expect(parseCursor(formatCursor(id, term))).toEqual({ id, term });
      expect(parseCursor(String(id))).toStrictEqual({ id });
    }),
  );
});

test('a cursor goes through a header and a URL as it is', () => {
  fc.assert(
    fc.property(position, term, (id, term) => {
      const cursor = formatCursor(id, term);
      expect(cursor).toMatch(/^[a-z0-9-]{1,128}$/);
      expect(encodeURIComponent(cursor)).toBe(cursor);
    }),
  );
});

test('of all texts only the canonical spelling of a cursor is one', () => {
  const almost = fc
    .tuple(position, term, anyText(3), fc.nat(24))
    .map(
      ([id, term, noise, at]) =>
        formatCursor(id, term).slice(0, at) + noise + formatCursor(id, term).slice(at),
    );
  fc.assert(
    fc.property(fc.oneof(almost, anyText(), fc.stringMatching(/^[0-9a-z-]{0,30}$/)), (text) => {
      const cursor = parseCursor(text);
      if (!cursor) return;
      expect(cursor.term === undefined ? String(cursor.id) : formatCursor(cursor.id, cursor.term)).toBe(text);
    }),
    { numRuns: 2_000 },
  );
});

test.each([
  '',
  ' ',
  '-',
  '01',
  '00',
  '+1',
  '-1',
  '1.0',
  '1e3',
  '0x10',
  ' 1',
  '1 ',
  '1\n',
  '1\r\n',
  '1-',
  '-k7f2',
  '1-k7f',
  '1-k7f2k7f2k',
  '1-K7F2',
  '1-k7f2\n',
  '1-k7f2 ',
  '1-k7f2-k7f2',
  '1--k7f2',
  '1:k7f2',
  '1-k7\0f',
  '9007199254740992',
  '9999999999999999',
  '10000000000000000',
  '99999999999999999999',
  'NaN',
  'Infinity',
  'null',
  'undefined',
  'earliest',
  '１',
  '1-ｋ7f2',
  '١',
  '__proto__',
  '1,2',
  '1-k7f2,1-k7f2',
  '%31',
  "1'--",
])('%j is no cursor', (text) => {
  expect(parseCursor(text)).toBeUndefined();
});

test('the last position that JavaScript can count to is one', () => {
  expect(parseCursor('9007199254740991-k7f2')).toEqual({ id: Number.MAX_SAFE_INTEGER, term: 'k7f2' });
});

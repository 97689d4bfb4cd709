import fc from 'fast-check';

/** Pieces that have broken an event stream, JSON or SQL before. */
const NASTY = [
  '\r',
  '\n',
  '\r\n',
  '\n\n',
  '\r\r',
  '\0',
  '\u2028',
  '\u2029',
  '\uFEFF',
  '\u0085',
  ' ',
  '  ',
  ':',
  '\t',
  '\\',
  "'",
  '"',
  '`',
  '😀',
  '👩‍👩‍👧',
  'é',
  'e\u0301',
  '\ud83d',
  '\ude00',
  '\uffff',
  'data:',
  'data: x\n\n',
  '\nevent: forged\n',
  '\nid: 9-zzzz\n',
  '\r\nretry: 1\r\n',
  ': comment',
  '</script>',
  '%0d%0a',
  '0\r\n\r\n',
  '; DROP TABLE notification; --',
  '?',
  '??',
  ':x',
] as const;

/** Any text: every UTF-16 unit may occur, lone surrogates too, and whatever breaks frames occurs often. */
export const anyText = (max = 60): fc.Arbitrary<string> =>
  fc
    .array(
      fc.oneof(
        { weight: 4, arbitrary: fc.constantFrom(...NASTY) },
        { weight: 2, arbitrary: fc.string({ unit: 'grapheme', maxLength: 8 }) },
        {
          weight: 1,
          arbitrary: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
        },
      ),
      { maxLength: 12 },
    )
    .map((pieces) => pieces.join('').slice(0, max));

/** Text that holds no half of a surrogate pair, of 1 … `max` UTF-16 units. */
export const wellFormedText = (max: number): fc.Arbitrary<string> =>
  fc.oneof(
    {
      weight: 6,
      arbitrary: anyText(max)
        .map((text) => text.toWellFormed())
        .filter((text) => text !== ''),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom('x'.repeat(max), '\u2028'.repeat(max), "'".repeat(max), '\0'.repeat(max)),
    },
  );

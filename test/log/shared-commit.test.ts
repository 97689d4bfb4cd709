import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { LogRow } from '../../src/log/row.ts';
import { decodeCommit, encodeCommit } from '../../src/log/shared-commit.ts';

const proof = { server: 'server/1', term: 'k7f2', previousTag: 'before' };
const text = fc.string({ unit: 'grapheme', maxLength: 200 });

/** Rows of one append, from a position on. */
const rows = fc
  .record({
    firstId: fc.integer({ min: 2, max: 1e9 }),
    at: fc.integer({ min: 0, max: 2e12 }),
    contents: fc.array(
      fc.record({
        before: fc.nat(3),
        playerId: fc.option(fc.nat()),
        title: text,
        message: text,
        data: fc.json({ maxDepth: 2 }),
      }),
      { minLength: 1, maxLength: 40 },
    ),
  })
  .map(({ firstId, at, contents }) =>
    contents.map(
      ({ before, ...content }, index): LogRow => ({
        id: firstId + index,
        eventId: Math.max(1, firstId + index - before),
        scope: 'global',
        type: 'ANNOUNCEMENT',
        at,
        term: proof.term,
        tag: 'own',
        ...content,
      }),
    ),
  );

test('what is decoded is what was encoded, and each part proves the one after it', () => {
  fc.assert(
    fc.property(rows, fc.integer({ min: 2_000, max: 15_000 }), (committed, maxLength) => {
      const texts = encodeCommit({ rows: committed, proof }, maxLength);
      const parts = texts.map(({ text }) => decodeCommit(JSON.parse(text)));
      const total = parts.flatMap((part) => part?.rows ?? []);
      if (texts.length === 0) return;
      expect(total).toEqual(committed);
      expect(texts.map(({ lastId }) => lastId)).toEqual(parts.map((part) => part?.rows.at(-1)?.id));
      expect(texts.every(({ text }) => text.length <= maxLength)).toBe(true);
      for (const [index, part] of parts.entries())
        expect(part?.proof).toEqual({ ...proof, previousTag: index === 0 ? 'before' : 'own' });
      // The broker's message is verified as it is written again.
      for (const { text } of texts) expect(JSON.stringify(JSON.parse(text))).toBe(text);
    }),
  );
});

const row: LogRow = {
  id: 5,
  eventId: 5,
  scope: 'global',
  type: 'ANNOUNCEMENT',
  playerId: null,
  title: 'T',
  message: 'm',
  data: '{}',
  at: 1,
  term: 'k7f2',
  tag: 'own',
};
const many = (count: number, message: string) =>
  Array.from({ length: count }, (_, index) => ({ ...row, id: 5 + index, eventId: 5 + index, message }));

test.each([
  ['no rows', [], proof],
  ['no proof, since the answer to its COMMIT was lost', [row], undefined],
  ['a row before it without a tag', [row], { ...proof, previousTag: null }],
  ['a term that begins with it', [row], { ...proof, began: { number: 2, word: 'new', firstId: 5 } }],
  ['many rows', many(201, 'm'), proof],
  ['much text', many(20, 'x'.repeat(5_000)), proof],
  ['a row that no message has room for', many(1, 'x'.repeat(20_000)), proof],
])('a commit with %s is left to be read', (_, rows, proof) => {
  expect(encodeCommit({ rows, proof }, 15_000)).toEqual([]);
});

test.each([
  ['nothing', null],
  ['a text', 'x'],
  ['too little', ['s', 't', 'g', 1, 'p', 5]],
  ['no rows', ['s', 't', 'g', 1, 'p', 5, []]],
  ['position 0', ['s', 't', 'g', 1, 'p', 0, [[0, 'global', 'X', null, '', '', '']]]],
  ['a position that is none', ['s', 't', 'g', 1, 'p', 1.5, [[0, 'global', 'X', null, '', '', '']]]],
  ['a row that is none', ['s', 't', 'g', 1, 'p', 5, [[0, 'global', 'X', null, '', '', {}]]]],
])('a later release that sends %s is not understood, and its rows are read', (_, value) => {
  expect(decodeCommit(value)).toBeUndefined();
});

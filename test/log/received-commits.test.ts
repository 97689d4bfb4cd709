import { beforeEach, expect, test } from 'vitest';
import type { LogFault } from '../../src/log/comparison.ts';
import type { AppendProof, HeadState, LogSource, TrackedRow } from '../../src/log/source.ts';
import type { Term } from '../../src/log/terms.ts';
import { Tracker } from '../../src/log/tracker.ts';

interface Row extends TrackedRow {
  readonly tag: string;
}

const term: Term = { number: 1, word: 'k7f2', firstId: 0 };
const rowAt = (id: number, tag = `tag ${id}`): Row => ({ id, term: term.word, tag });
const proof: AppendProof = { server: 'one', term: term.word, previousTag: 'tag 2' };

/** A log of two rows, and a tracker that has read it. */
let stored: Row[];
let delivered: Row[];
let faults: LogFault[];
let now: number;
let onRead: () => void;
let tracker: Tracker<Row>;

const head = (): HeadState => {
  const last = stored.at(-1);
  return { head: last?.id ?? 0, term: term.word, tag: last?.tag ?? null, foreignTag: false, server: 'one' };
};
const reads = {
  head: async () => head(),
  terms: async () => [term],
  async range(from: number, through: number) {
    const rows = stored.filter(({ id }) => id >= from && id <= through);
    onRead();
    return rows;
  },
  marks: async (ids: readonly number[]) =>
    new Map(stored.filter(({ id }) => ids.includes(id)).map(({ id, tag }) => [id, tag])),
  prunedBelow: async () => 1,
};
const source: LogSource<Row> = {
  ...reads,
  locked: (work) =>
    work({
      ...reads,
      lastRow: async () => stored.at(-1)?.id ?? 0,
      beginTerm: async () => {},
      moveHead: async () => {},
    }),
};

beforeEach(async () => {
  stored = [rowAt(1), rowAt(2)];
  [delivered, faults, now, onRead] = [[], [], 0, () => {}];
  tracker = new Tracker<Row>({
    onRows: (rows) => delivered.push(...rows),
    onReset: (fault) => faults.push(fault),
    markOf: ({ tag }) => tag,
    pause: async () => {},
    now: () => now,
  });
  await tracker.start(source);
});

test('rows on top of the last one, in its term and on its server, are delivered', () => {
  expect(tracker.receive([rowAt(3), rowAt(4, 'tag 3')], proof)).toBe('done');
  expect(delivered.map(({ id }) => id)).toEqual([3, 4]);
});

test.each<[string, Partial<AppendProof>]>([
  ['another term', { term: 'other' }],
  ['a term that they begin', { began: { number: 2, word: 'k7f2', firstId: 3 } }],
  ['another server', { server: 'two' }],
  ['another row', { previousTag: 'other' }],
  ['a row without a tag', { previousTag: null }],
])('rows of %s are left to be read', (_, other) => {
  expect(tracker.receive([rowAt(3)], { ...proof, ...other })).toBe('read');
  expect([delivered, tracker.position]).toEqual([[], 2]);
});

test('rows that were delivered, in whole or in part, are not delivered again', () => {
  expect(tracker.receive([rowAt(1), rowAt(2)], proof)).toBe('done');
  expect(tracker.receive([rowAt(2), rowAt(3)], { ...proof, previousTag: 'tag 1' })).toBe('read');
  expect(delivered).toEqual([]);
});

test('rows that overtake others wait for them, and are judged by what was delivered then', async () => {
  expect(tracker.receive([rowAt(4)], { ...proof, previousTag: 'tag 3' })).toBe('wait');
  expect(tracker.receive([rowAt(6)], { ...proof, previousTag: 'lost' })).toBe('wait');
  tracker.receive([rowAt(3)], proof);
  expect(delivered.map(({ id }) => id)).toEqual([3, 4]);
  stored.push(rowAt(3), rowAt(4), rowAt(5), rowAt(6, 'other'));
  await tracker.poll(source);
  expect(delivered.map(({ tag }) => tag)).toEqual(['tag 3', 'tag 4', 'tag 5', 'other']);
  expect(faults).toEqual([]);
});

test('rows prove nothing where the log was not read for two seconds, or a connection was lost', () => {
  now = 2_001;
  expect(tracker.receive([rowAt(3)], proof)).toBe('read');
  now = 2_000;
  tracker.distrust();
  expect(tracker.receive([rowAt(3)], proof)).toBe('read');
  expect(delivered).toEqual([]);
});

test('rows that contradict the head as it was read are left to be read, without any doubt about the log', async () => {
  stored.push(rowAt(3, 'true'));
  onRead = () => {
    onRead = () => {};
    expect(tracker.receive([rowAt(3, 'lost')], proof)).toBe('read');
  };
  await tracker.poll(source);
  expect([delivered, faults]).toEqual([[rowAt(3, 'true')], []]);
});

test('a lost commit that is delivered while the log is read is noticed before anything follows it', async () => {
  stored.push(rowAt(3, 'true'), rowAt(4, 'true'), rowAt(5, 'true'));
  onRead = () => {
    onRead = () => {};
    tracker.receive([rowAt(3, 'lost')], proof);
  };
  await tracker.poll(source);
  expect(delivered).toEqual([rowAt(3, 'lost')]);
  expect(faults).toMatchObject([{ reason: 'replaced', from: 3, to: 5 }]);
});

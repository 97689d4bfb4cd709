import { beforeEach, expect, test } from 'vitest';
import type { AppendProof } from '../../src/log/source.ts';
import { firstTerm, LogInMemory, rowAt } from './log-in-memory.ts';

const proof: AppendProof = { server: 'one', term: firstTerm.word, previousTag: 'tag 2' };

let log: LogInMemory;
beforeEach(async () => {
  log = await LogInMemory.open();
});

test('rows on top of the last one, in its term and on its server, are delivered', () => {
  expect(log.tracker.receive([rowAt(3), rowAt(4, 'tag 3')], proof)).toBe('done');
  expect(log.delivered.map(({ id }) => id)).toEqual([3, 4]);
});

test.each<[string, Partial<AppendProof>]>([
  ['another term', { term: 'other' }],
  ['a term that they begin', { began: { number: 2, word: 'k7f2', firstId: 3 } }],
  ['another server', { server: 'two' }],
  ['another row', { previousTag: 'other' }],
  ['a row without a tag', { previousTag: null }],
])('rows of %s are left to be read', (_, other) => {
  expect(log.tracker.receive([rowAt(3)], { ...proof, ...other })).toBe('read');
  expect([log.delivered, log.tracker.position]).toEqual([[], 2]);
});

test('rows that were delivered, in whole or in part, are not delivered again', () => {
  expect(log.tracker.receive([rowAt(1), rowAt(2)], proof)).toBe('done');
  expect(log.tracker.receive([rowAt(2), rowAt(3)], { ...proof, previousTag: 'tag 1' })).toBe('read');
  expect(log.delivered).toEqual([]);
});

test('rows that overtake others wait for them, and are judged by what was delivered then', async () => {
  expect(log.tracker.receive([rowAt(4)], { ...proof, previousTag: 'tag 3' })).toBe('wait');
  expect(log.tracker.receive([rowAt(6)], { ...proof, previousTag: 'lost' })).toBe('wait');
  log.tracker.receive([rowAt(3)], proof);
  expect(log.delivered.map(({ id }) => id)).toEqual([3, 4]);
  log.rows.push(rowAt(3), rowAt(4), rowAt(5), rowAt(6, 'other'));
  await log.tracker.poll(log.source);
  expect(log.delivered.map(({ tag }) => tag)).toEqual(['tag 3', 'tag 4', 'tag 5', 'other']);
  expect(log.faults).toEqual([]);
});

test('rows prove nothing where the log was not read for two seconds, or a connection was lost', () => {
  log.now = 2_001;
  expect(log.tracker.receive([rowAt(3)], proof)).toBe('read');
  log.now = 2_000;
  log.tracker.distrust();
  expect(log.tracker.receive([rowAt(3)], proof)).toBe('read');
  expect(log.delivered).toEqual([]);
});

test('rows that contradict the head as it was read are left to be read, without any doubt about the log', async () => {
  log.rows.push(rowAt(3, 'true'));
  log.onceAnswered.set('range', () => {
    expect(log.tracker.receive([rowAt(3, 'lost')], proof)).toBe('read');
  });
  await log.tracker.poll(log.source);
  expect([log.delivered, log.faults]).toEqual([[rowAt(3, 'true')], []]);
});

test('a lost commit that is delivered while the log is read is noticed before anything follows it', async () => {
  log.rows.push(rowAt(3, 'true'), rowAt(4, 'true'), rowAt(5, 'true'));
  log.onceAnswered.set('range', () => {
    log.tracker.receive([rowAt(3, 'lost')], proof);
  });
  await log.tracker.poll(log.source);
  expect(log.delivered).toEqual([rowAt(3, 'lost')]);
  expect(log.faults).toMatchObject([{ reason: 'replaced', from: 3, to: 5 }]);
});

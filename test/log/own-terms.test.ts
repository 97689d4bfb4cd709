import { beforeEach, expect, test } from 'vitest';
import { LogInMemory } from './log-in-memory.ts';

let log: LogInMemory;
beforeEach(async () => {
  log = await LogInMemory.open();
});

test('a term that an own append begins while the terms are read stays known', async () => {
  // The head is read before the first append, and the terms before the second.
  log.onceAnswered.set('head', () => {
    log.appendInNewTerm('second')();
    log.onceAnswered.set('range', () => log.appendInNewTerm('third')());
  });
  await log.tracker.poll(log.source);
  expect(log.delivered.map(({ id }) => id)).toEqual([3, 4]);
  expect([3, 4].map((id) => log.tracker.terms.termAt(id))).toEqual(['second', 'third']);
  await log.tracker.poll(log.source);
  expect(log.faults).toEqual([]);
});

test('a row is delivered only once its term is known, also when own appends move the position while terms are read', async () => {
  log.tracker.hint(4);
  log.onceAnswered.set('head', () => {
    const inform = log.appendInNewTerm('second');
    // Of another process.
    log.appendInNewTerm('third');
    log.onceAnswered.set('head', inform);
  });
  await log.tracker.poll(log.source);
  expect(log.delivered.map(({ id }) => id)).toEqual([3, 4]);
  expect([3, 4].map((id) => log.tracker.terms.termAt(id))).toEqual(['second', 'third']);
  await log.tracker.poll(log.source);
  expect(log.faults).toEqual([]);
});

import { describe, expect, it } from 'vitest';
import { Terms } from '../../src/log/terms.ts';
import { CATALOGUE } from '../../src/protocol/catalogue.ts';
import { EVENT_TYPES, type EventType } from '../../src/protocol/event.ts';
import { scopes } from '../../src/protocol/scope.ts';
import { type LogState, planResume, transientTypesAmong } from '../../src/stream/resume.ts';

const log: LogState = {
  head: 100,
  // The second term began at 61: what the first had from there on is not in this log.
  terms: new Terms([
    { number: 1, word: 'aaaa', firstId: 1 },
    { number: 2, word: 'bbbb', firstId: 61 },
  ]),
  tails: { player: 10, contest: 20, leaderboard: 30, problem: 40, global: 50, nudge: 90 },
};
const player = [scopes.player(1)];
const TRANSIENT: EventType[] = EVENT_TYPES.filter((type) => CATALOGUE[type].keep === 'transient');
const LASTING = EVENT_TYPES.filter((type) => CATALOGUE[type].keep !== 'transient');
const lostAfter = (after: number | null) => ({ from: 100, recovered: false, lost: { after, through: 100 } });

describe('A stream', () => {
  it('begins at the head on a first connection, with nothing stale', () => {
    expect(planResume(undefined, player, undefined, log)).toEqual({ from: 100, recovered: true });
  });

  it.each([
    ['100-bbbb', 100],
    ['90', 90],
    ['89-bbbb', 89],
  ])('goes on at %s', (cursor, from) => {
    expect(planResume(cursor, player, undefined, log)).toEqual({ from, recovered: true });
  });

  it.each(['x', '', '7-A', '100-cccc', '95-cccc'])(
    'cannot go on at %j, and says that all history is lost',
    (cursor) => {
      expect(planResume(cursor, player, undefined, log)).toEqual(lostAfter(null));
    },
  );

  it.each([
    ['101', 100],
    ['101-bbbb', 100],
    ['61-aaaa', 60],
    ['95-aaaa', 60],
  ])('at %s, of which the log has less, goes on where they part, and says what is lost', (cursor, from) => {
    const lasting = new Set<EventType>(LASTING);
    expect(planResume(cursor, player, lasting, log)).toEqual({
      from,
      recovered: false,
      lost: { after: from, through: Number.parseInt(cursor, 10) },
    });
    expect(planResume('60-aaaa', player, lasting, log)).toEqual({ from: 60, recovered: true });
  });

  it('whose part of the log is gone where it parted begins at the head', () => {
    const pruned = { ...log, tails: { ...log.tails, player: 62 } };
    expect(planResume('95-aaaa', player, undefined, pruned)).toEqual(lostAfter(60));
    expect(planResume('95-aaaa', player, undefined, { ...log, tails: { ...log.tails, player: 61 } })).toEqual(
      {
        from: 60,
        recovered: false,
        lost: { after: 60, through: 95 },
        stale: TRANSIENT,
      },
    );
  });

  it.each([
    ['player', scopes.player(1), 10],
    ['contest', scopes.contest(1), 20],
    ['leaderboard', scopes.leaderboard(1), 30],
    ['real leaderboard', scopes.real(1), 30],
    ['problem', scopes.problem(1), 40],
    ['global', scopes.global, 50],
    ['ops', scopes.ops, 50],
  ])('of a %s goes on where all of it is still kept, and says from where on it is lost', (_, scope, tail) => {
    const none = new Set<EventType>(LASTING);
    expect(planResume(`${tail - 1}`, [scope], none, log)).toEqual({ from: tail - 1, recovered: true });
    expect(planResume(`${tail - 2}`, [scope], none, log)).toEqual(lostAfter(tail - 2));
    expect(planResume('earliest', [scope], none, log)).toEqual({ from: tail - 1, recovered: true });
  });

  it('of several scopes goes on only where all of all of them is kept', () => {
    const both = [scopes.global, scopes.player(1)];
    expect(planResume('48', both, undefined, log)).toEqual(lostAfter(48));
    expect(planResume('49', both, undefined, log)).toMatchObject({ from: 49, recovered: true });
    expect(planResume('earliest', both, undefined, log)).toMatchObject({ from: 49 });
  });

  it('begins at the head when nothing is kept', () => {
    const emptied = { ...log, tails: { ...log.tails, player: 500 } };
    expect(planResume('earliest', player, undefined, emptied)).toMatchObject({ from: 100, recovered: true });
  });

  it('names the transient types that it wants and that are gone', () => {
    expect(planResume('88', player, undefined, log)).toEqual({ from: 88, recovered: true, stale: TRANSIENT });
    expect(planResume('earliest', player, undefined, log)).toMatchObject({ from: 9, stale: TRANSIENT });
    const one = new Set([TRANSIENT[0] as EventType, LASTING[0] as EventType]);
    expect(planResume('88', player, one, log)).toEqual({ from: 88, recovered: true, stale: [TRANSIENT[0]] });
    expect(planResume('88', player, new Set(LASTING), log)).toEqual({ from: 88, recovered: true });
  });
});

describe('Transient types', () => {
  it('are some of all types', () => {
    expect(TRANSIENT.length).toBeGreaterThan(0);
    expect(LASTING.length).toBeGreaterThan(0);
  });

  it('are all of them, or those that are wanted', () => {
    expect(transientTypesAmong(undefined)).toEqual(TRANSIENT);
    expect(transientTypesAmong(new Set(TRANSIENT.slice(1)))).toEqual(TRANSIENT.slice(1));
    expect(transientTypesAmong(new Set(LASTING))).toEqual([]);
  });
});

import fc from 'fast-check';
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
const IS_TRANSIENT = EVENT_TYPES.filter((type) => CATALOGUE[type].keep === 'transient');
const TRANSIENT: EventType[] = IS_TRANSIENT.filter((type) => type !== 'LEADERBOARD_UPDATE');
const LASTING = EVENT_TYPES.filter((type) => CATALOGUE[type].keep !== 'transient');
const unknown = { from: 100, recovered: false, lost: { after: null, through: 100 }, gapsThrough: 0 };
/** Goes on after `after`, and says that rows up to `through` are lost. */
const losing = (after: number, through: number) => ({
  from: after,
  recovered: false,
  lost: { after, through },
  gapsThrough: through,
});
const whole = { recovered: true, gapsThrough: 0 };

describe('A stream', () => {
  it('begins at the head on a first connection, with nothing stale', () => {
    expect(planResume(undefined, player, undefined, log)).toEqual({ from: 100, ...whole });
  });

  it.each([
    ['100-bbbb', 100],
    ['90', 90],
    ['89-bbbb', 89],
  ])('goes on at %s', (cursor, from) => {
    expect(planResume(cursor, player, undefined, log)).toEqual({ from, ...whole });
  });

  it.each(['x', '', '7-A', '100-cccc', '95-cccc'])(
    'cannot go on at %j, and says that all history is lost',
    (cursor) => {
      expect(planResume(cursor, player, undefined, log)).toEqual(unknown);
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
      gapsThrough: 0,
    });
    expect(planResume('60-aaaa', player, lasting, log)).toEqual({ from: 60, ...whole });
  });

  it('whose part of the log is gone where it parted goes on there, and reports what of both is lost', () => {
    const pruned = (tail: number) => ({ ...log, tails: { ...log.tails, player: tail } });
    const lasting = new Set<EventType>(LASTING);
    expect(planResume('95-aaaa', player, lasting, pruned(62))).toEqual({
      ...losing(60, 95),
      gapsThrough: 61,
    });
    expect(planResume('95-aaaa', player, lasting, pruned(98))).toEqual(losing(60, 97));
    expect(planResume('95-aaaa', player, undefined, pruned(61))).toEqual({
      from: 60,
      recovered: false,
      lost: { after: 60, through: 95 },
      stale: TRANSIENT,
      gapsThrough: 0,
    });
  });

  it.each([
    ['player', scopes.player(1), 10],
    ['contest', scopes.contest(1), 20],
    ['hidden events', scopes.hidden(1), 20],
    ['problem', scopes.problem(1), 40],
    ['global', scopes.global, 50],
    ['ops', scopes.ops, 50],
  ])('of %s goes on where all of it is still kept, and says up to where it is lost', (_, scope, tail) => {
    const lasting = new Set<EventType>(LASTING);
    expect(planResume(`${tail - 1}`, [scope], lasting, log)).toEqual({ from: tail - 1, ...whole });
    expect(planResume(`${tail - 2}`, [scope], lasting, log)).toEqual(losing(tail - 2, tail - 1));
    expect(planResume('earliest', [scope], lasting, log)).toEqual({ from: tail - 1, ...whole });
  });

  it.each([
    ['leaderboard', scopes.leaderboard(1)],
    ['real leaderboard', scopes.real(1)],
    ['shown leaderboard', scopes.shown(1)],
  ])('of a %s loses nothing, since it begins with a snapshot, and costs other scopes nothing', (_, scope) => {
    const lasting = new Set<EventType>(LASTING);
    expect(planResume('3', [scope], lasting, log)).toEqual({ from: 3, ...whole });
    expect(planResume('19', [scopes.contest(1), scope], lasting, log)).toEqual({ from: 19, ...whole });
    expect(planResume('earliest', [scopes.contest(1), scope], lasting, log)).toEqual({ from: 19, ...whole });
    expect(planResume('earliest', [scope], lasting, log)).toEqual({ from: 29, ...whole });
  });

  it('that wants transient types alone loses no history', () => {
    expect(planResume('3', player, new Set(TRANSIENT), log)).toEqual({ from: 3, ...whole, stale: TRANSIENT });
    expect(planResume('earliest', player, new Set(TRANSIENT), log)).toMatchObject({ from: 29, ...whole });
    const both = new Set([TRANSIENT[0] as EventType, LASTING[0] as EventType]);
    expect(planResume('3', player, both, log)).toEqual({ ...losing(3, 9), stale: [TRANSIENT[0]] });
  });

  it('of several scopes sends every row that is kept, and reports that some of the others are lost', () => {
    const both = [scopes.global, scopes.player(1)];
    const lasting = new Set<EventType>(LASTING);
    expect(planResume('48', both, lasting, log)).toEqual(losing(48, 49));
    expect(planResume('15', both, lasting, log)).toEqual(losing(15, 49));
    expect(planResume('49', both, lasting, log)).toEqual({ from: 49, ...whole });
    expect(planResume('earliest', both, lasting, log)).toEqual({ from: 9, recovered: true, gapsThrough: 49 });
  });

  it('is given every row that is kept, and a loss is reported exactly where rows are missing', () => {
    const kinds = ['player', 'contest', 'leaderboard', 'problem', 'global'] as const;
    const scopeOf = { ...scopes, global: () => scopes.global };
    const tail = fc.integer({ min: 0, max: 30 });
    fc.assert(
      fc.property(
        fc.record({
          player: tail,
          contest: tail,
          leaderboard: tail,
          problem: tail,
          global: tail,
          nudge: tail,
        }),
        fc.uniqueArray(fc.constantFrom(...kinds), { minLength: 1 }),
        fc.integer({ min: 0, max: 30 }),
        fc.boolean(),
        (tails, chosen, cursor, earliest) => {
          const plan = planResume(
            earliest ? 'earliest' : `${cursor}`,
            chosen.map((kind) => scopeOf[kind](7)),
            undefined,
            { head: 30, terms: new Terms([{ number: 1, word: 'aaaa', firstId: 1 }]), tails },
          );
          const ids = Array.from({ length: 30 }, (_, index) => index + 1);
          const history = chosen.filter((kind) => kind !== 'leaderboard');
          const asked = ids.filter((id) => earliest || id > cursor);
          for (const kind of history) {
            const kept = asked.filter((id) => id >= tails[kind]);
            expect(kept.filter((id) => id <= plan.from)).toEqual([]);
            const missing = asked.filter((id) => id > plan.from && id < tails[kind]);
            expect(missing.filter((id) => id > plan.gapsThrough)).toEqual([]);
          }
          const lost = asked.filter((id) => history.some((kind) => id < tails[kind]));
          if (earliest || lost.length === 0) expect(plan).toMatchObject({ recovered: true });
          else
            expect(plan).toMatchObject({ recovered: false, lost: { after: cursor, through: lost.at(-1) } });
          const isStale = ids.some((id) => id > plan.from && id < tails.nudge);
          expect(plan.stale).toEqual(isStale ? TRANSIENT : undefined);
        },
      ),
    );
  });

  it('begins at the head when nothing is kept', () => {
    const emptied = { ...log, tails: { ...log.tails, player: 500 } };
    expect(planResume('earliest', player, undefined, emptied)).toMatchObject({ from: 100, recovered: true });
  });

  it('names the transient types that it wants and that are gone', () => {
    expect(planResume('88', player, undefined, log)).toEqual({ from: 88, ...whole, stale: TRANSIENT });
    expect(planResume('earliest', player, undefined, log)).toMatchObject({ from: 9, stale: TRANSIENT });
    const one = new Set([TRANSIENT[0] as EventType, LASTING[0] as EventType]);
    expect(planResume('88', player, one, log)).toEqual({ from: 88, ...whole, stale: [TRANSIENT[0]] });
    expect(planResume('88', player, new Set(LASTING), log)).toEqual({ from: 88, ...whole });
  });
});

describe('Transient types', () => {
  it('are some of all types', () => {
    expect(TRANSIENT.length).toBe(IS_TRANSIENT.length - 1);
    expect(LASTING.length).toBeGreaterThan(0);
  });

  it('are all of them, or those that are wanted', () => {
    expect(transientTypesAmong(undefined)).toEqual(TRANSIENT);
    expect(transientTypesAmong(new Set(TRANSIENT.slice(1)))).toEqual(TRANSIENT.slice(1));
    expect(transientTypesAmong(new Set(LASTING))).toEqual([]);
  });
});

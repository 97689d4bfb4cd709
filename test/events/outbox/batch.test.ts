import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchLength, type OutboxEntry, planBatch } from '../../../src/events/outbox/batch.ts';
import { examine, type WaitingEvent } from '../../../src/events/outbox/examine.ts';
import type { Unit } from '../../../src/log/append-statement.ts';

let lastId = 0;
function entry(type: string, payload: unknown, idempotencyKey: string | null = null): OutboxEntry {
  const examined = examine({ id: ++lastId, type, payload: JSON.stringify(payload), idempotencyKey });
  if (examined.kind === 'invalid') throw new Error(examined.reason);
  return examined;
}
const join = (contestId: number, ...playerIds: number[]) =>
  entry(
    'CONTEST_JOINED',
    { contestId, players: playerIds.map((playerId) => ({ playerId })) },
    playerIds.length === 1 ? `contest-joined:${contestId}:${playerIds[0]}` : null,
  );
const say = (title: string, key: string | null = null) => entry('ANNOUNCEMENT', { title, message: 'm' }, key);
const dataOf = (unit: Unit) => JSON.parse(unit.drafts[0]?.data ?? '');
const keysOf = (unit: Unit) => unit.keys?.map(({ value }) => value);
const isNew = () => 'new' as const;
const noneOwn = () => false;

describe('Joins of one contest', () => {
  it('become one event, at the place of the first, which keeps the key of each', () => {
    const entries = [say('a'), join(3, 1), say('b'), join(4, 1), join(3, 2), join(3, 5, 6)];
    const { units, ids } = planBatch(entries, isNew);
    expect(units.map((unit) => unit.drafts[0]?.type)).toEqual([
      'ANNOUNCEMENT',
      'CONTEST_JOINED',
      'ANNOUNCEMENT',
      'CONTEST_JOINED',
    ]);
    expect(dataOf(units[1] as Unit)).toEqual({
      contestId: 3,
      players: [{ playerId: 1 }, { playerId: 2 }, { playerId: 5 }, { playerId: 6 }],
    });
    expect(keysOf(units[1] as Unit)).toEqual(['key:contest-joined:3:1', 'key:contest-joined:3:2']);
    expect(dataOf(units[3] as Unit)).toEqual({ contestId: 4, players: [{ playerId: 1 }] });
    expect(ids).toEqual(entries.map(({ id }) => id));
  });

  it('carry what was published last of the contest', () => {
    const published = [
      {
        contestId: 3,
        contestTitle: 'Old',
        players: [{ playerId: 1, playerName: 'Ada' }],
        participantCount: 8,
      },
      { contestId: 3, contestTitle: 'New', players: [{ playerId: 2 }], participantCount: 9 },
      { contestId: 3, players: [{ playerId: 1, playerName: 'Ada L.' }] },
    ].map((data) => entry('CONTEST_JOINED', data));
    expect(planBatch(published, isNew).units.map(dataOf)).toEqual([
      {
        contestId: 3,
        contestTitle: 'New',
        players: [{ playerId: 1, playerName: 'Ada L.' }, { playerId: 2 }],
        participantCount: 9,
      },
    ]);
  });

  it('name a hundred players at the most, and every one of them once', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            contestId: fc.integer({ min: 1, max: 3 }),
            playerIds: fc.uniqueArray(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 60 }),
          }),
          { maxLength: 40 },
        ),
        (joins) => {
          const { units } = planBatch(
            joins.map(({ contestId, playerIds }) =>
              entry('CONTEST_JOINED', {
                contestId,
                players: playerIds.map((playerId) => ({ playerId })),
              }),
            ),
            isNew,
          );
          const published = units.map(dataOf);
          for (const contestId of [1, 2, 3]) {
            const of = published.filter((data) => data.contestId === contestId);
            const expected = joins.filter((one) => one.contestId === contestId);
            expect(
              new Set(of.flatMap(({ players }) => players.map((p: { playerId: number }) => p.playerId))),
            ).toEqual(new Set(expected.flatMap(({ playerIds }) => playerIds)));
            const total = expected.reduce((sum, { playerIds }) => sum + playerIds.length, 0);
            expect(of.length).toBeLessThanOrEqual(Math.ceil(total / 41));
          }
          expect(published.every(({ players }) => players.length <= 100)).toBe(true);
        },
      ),
    );
  });
});

describe('A batch', () => {
  it('takes a key once, and lets the rows of its repeats go with it', () => {
    const { units, ids, rejected } = planBatch([say('a', 'k'), say('a', 'k'), say('b')], isNew);
    expect(units.map(dataOf).map(({ title }) => title)).toEqual(['a', 'b']);
    expect(ids).toHaveLength(3);
    expect(rejected).toEqual([]);
  });

  it('leaves out what the log has, and refuses what it has otherwise', () => {
    const [repeat, conflict, fresh] = [say('a', 'old'), say('b', 'other'), say('c', 'new')] as WaitingEvent[];
    const states = new Map([
      [repeat?.key, 'repeat' as const],
      [conflict?.key, 'conflict' as const],
    ]);
    const batch = planBatch([repeat, conflict, fresh] as OutboxEntry[], (key) => states.get(key) ?? 'new');
    expect(batch.units.map(dataOf).map(({ title }) => title)).toEqual(['c']);
    expect(batch.ids).toEqual([repeat?.id, fresh?.id]);
    expect(batch.rejected).toEqual([
      { id: conflict?.id, reason: 'The idempotency_key other was used for another event.' },
    ]);
  });

  it('leaves out of joins exactly those players whose join the log has', () => {
    const joins = [join(3, 1), join(3, 2), join(3, 4)] as WaitingEvent[];
    const { units, ids } = planBatch(joins, (key) => (key === joins[1]?.key ? 'repeat' : 'new'));
    expect(units.map(dataOf)).toEqual([{ contestId: 3, players: [{ playerId: 1 }, { playerId: 4 }] }]);
    expect(ids).toHaveLength(3);
  });

  it('ends before a type that has its own way, and before a key that comes again for something else', () => {
    const status = entry('CONTEST_STATUS', { contestId: 3, newStatus: 'LIVE' });
    const ownWay = (type: string) => type === 'CONTEST_STATUS';
    expect(batchLength([say('a'), status, say('b')], ownWay)).toBe(1);
    expect(batchLength([status, say('b')], ownWay)).toBe(0);
    expect(batchLength([say('a'), status, say('b')], noneOwn)).toBe(3);
    expect(batchLength([say('a', 'k'), say('a', 'k'), say('b', 'k')], noneOwn)).toBe(2);
  });

  it('ends before and after an event that takes another back', () => {
    const solve = { playerId: 1, problemId: 2, contestId: 3 };
    const solved = entry('PROBLEM_SOLVED', solve, 'problem-solved:1:2:3');
    const retracted = entry('SOLVE_RETRACTED', solve);
    expect(batchLength([solved, retracted, solved], noneOwn)).toBe(1);
    expect(batchLength([retracted, solved], noneOwn)).toBe(1);
    expect(batchLength([retracted, retracted], noneOwn)).toBe(1);
  });

  it('stays within what one append takes, and is never empty for that', () => {
    const large = Array.from({ length: 20 }, () =>
      entry('PLAYER_STATUS', {
        online: Array.from({ length: 100 }, (_, i) => ({ playerId: i + 1, playerName: 'x'.repeat(100) })),
        offline: [],
        onlineCount: 1,
        truncated: false,
      }),
    );
    expect(batchLength(large, noneOwn)).toBe(20);
    const solved = Array.from({ length: 900 }, () =>
      entry('PROBLEM_SOLVED', { playerId: 1, problemId: 2, contestId: 3 }),
    );
    expect(batchLength(solved, noneOwn)).toBe(666);
  });
});

import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { MAX_DATA_BYTES, prepare } from '../../src/events/prepare.ts';
import { deltasOf, missedDelta } from '../../src/leaderboard/deltas.ts';
import { stepOf } from '../../src/leaderboard/step.ts';
import type { Score } from '../../src/platform/scores.ts';
import { applyDelta, type LeaderboardRow, type LeaderboardState } from '../../src/protocol/leaderboard.ts';

/** Every field varies, over few values: ties are common, and so are changes of a single field. */
const score = (playerId: number): fc.Arbitrary<Score> =>
  fc
    .record({
      playerName: fc.constantFrom('Ada', 'Bob'),
      picture: fc.constantFrom(null, 'a.png', 'b.png'),
      tier: fc.constantFrom(null, 'BRONZE' as const, 'GOLD' as const),
      mode: fc.constantFrom(null, 'PRECISION' as const, 'LEGEND' as const),
      penaltyMins: fc.nat(2),
      finalRating: fc.constantFrom(0, 10, 10.5, 20, 30),
      lastSolvedAt: fc.constantFrom(null, '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:01.000Z'),
      problemsSolved: fc.nat(2),
    })
    .map((values) => ({ playerId, ...values }));

const scores = (players: number): fc.Arbitrary<Map<number, Score>> =>
  fc
    .uniqueArray(fc.integer({ min: 1, max: players }), { maxLength: players })
    .chain((ids) => fc.tuple(...ids.map((id) => score(id))))
    .map((rows) => new Map(rows.map((row) => [row.playerId, row])));

const changes = (players: number): fc.Arbitrary<Map<number, Score | undefined>> =>
  fc
    .uniqueArray(fc.integer({ min: 1, max: players }), { maxLength: players })
    .chain((ids) =>
      fc.tuple(...ids.map((id) => fc.tuple(fc.constant(id), fc.option(score(id), { nil: undefined })))),
    )
    .map((pairs) => new Map(pairs));

/** Oracle of competition ranking: one more than the number of better rows. */
function rankedBy(rows: Iterable<Score>): Map<number, LeaderboardRow> {
  const all = [...rows];
  const isBetter = (a: Score, b: Score) =>
    a.finalRating > b.finalRating ||
    (a.finalRating === b.finalRating && (a.lastSolvedAt ?? '9999') < (b.lastSolvedAt ?? '9999'));
  const rank = (row: Score) => 1 + all.filter((other) => isBetter(other, row)).length;
  return new Map(all.map((row) => [row.playerId, { ...row, rank: rank(row) }]));
}

const leaderboardOf = (order: readonly LeaderboardRow[], version = 0): LeaderboardState => ({
  version,
  total: order.length,
  rows: new Map(order.map((row) => [row.playerId, row])),
});

function withChanges(rows: ReadonlyMap<number, Score>, changed: ReadonlyMap<number, Score | undefined>) {
  const next = new Map(rows);
  for (const [playerId, row] of changed)
    if (row) next.set(playerId, row);
    else next.delete(playerId);
  return next;
}

describe('A step from one version to the next', () => {
  it('ranks rows as competitions do, best first', () => {
    fc.assert(
      fc.property(scores(12), (rows) => {
        const { order } = stepOf([], rows);
        expect(new Map(order.map((row) => [row.playerId, row]))).toEqual(rankedBy(rows.values()));
        expect([...order].sort((a, b) => a.rank - b.rank || a.playerId - b.playerId)).toEqual(order);
      }),
    );
  });

  it('turns the version before into the next one when it is applied as deltas, ties included', () => {
    fc.assert(
      fc.property(scores(14), fc.array(changes(14), { minLength: 1, maxLength: 5 }), (start, rounds) => {
        let rows: Map<number, Score> = start;
        let { order } = stepOf([], start);
        let leaderboard = leaderboardOf(order);
        for (const round of rounds) {
          const step = stepOf(order, round);
          const deltas = deltasOf(
            { ...step, total: step.order.length },
            { contestId: 1, from: leaderboard.version, after: leaderboard.version, audience: 'all' },
          );
          for (const delta of deltas ?? []) leaderboard = applyDelta(leaderboard, delta) ?? leaderboardOf([]);
          order = step.order;
          rows = withChanges(rows, round);
          expect(leaderboard.rows).toEqual(rankedBy(rows.values()));
          expect(leaderboard).toEqual(leaderboardOf(order, leaderboard.version));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('names only rows of which more than the rank changed', () => {
    fc.assert(
      fc.property(scores(14), changes(14), (start, round) => {
        const { order } = stepOf([], start);
        const { changed, removed, shifts } = stepOf(order, round);
        for (const row of changed)
          expect(round.get(row.playerId)).toEqual({ ...row, rank: undefined, ...round.get(row.playerId) });
        const differing = [...round].filter(
          ([id, row]) => JSON.stringify(row) !== JSON.stringify(start.get(id)),
        );
        expect(changed.length + removed.length).toBe(differing.length);
        for (const [index, shift] of shifts.entries()) {
          expect(shift.by).not.toBe(0);
          expect(shift.from).toBeLessThanOrEqual(shift.to);
          expect(shift.from).toBeGreaterThan(shifts[index - 1]?.to ?? 0);
        }
      }),
    );
  });

  it('changes a row of which a single field changed, whichever it is', () => {
    const row: Score = {
      playerId: 7,
      playerName: 'Ada',
      picture: null,
      tier: 'GOLD',
      mode: 'LEGEND',
      finalRating: 10,
      problemsSolved: 1,
      penaltyMins: 5,
      lastSolvedAt: '2026-01-01T00:00:00.000Z',
    };
    const others: Omit<Score, 'playerId'> = {
      playerName: 'Bob',
      picture: 'a.png',
      tier: null,
      mode: 'GRINDER',
      finalRating: 11,
      problemsSolved: 2,
      penaltyMins: 6,
      lastSolvedAt: null,
    };
    const { order } = stepOf([], new Map([[7, row]]));
    for (const [field, value] of Object.entries(others)) {
      const next = { ...row, [field]: value };
      expect([field, stepOf(order, new Map([[7, next]])).changed]).toEqual([field, [{ ...next, rank: 1 }]]);
    }
  });

  it('is empty where no row changed', () => {
    fc.assert(
      fc.property(scores(10), (rows) => {
        const { order } = stepOf([], rows);
        const step = stepOf(order, new Map<number, Score | undefined>([...rows, [99, undefined]]));
        expect(step).toEqual({ order, changed: [], removed: [], shifts: [] });
        expect(step.order).toBe(order);
      }),
    );
  });

  it('copies no row whose rank stays', () => {
    fc.assert(
      fc.property(scores(14), changes(14), (start, round) => {
        const { order } = stepOf([], start);
        const before = new Map(order.map((row) => [row.playerId, row]));
        for (const row of stepOf(order, round).order) {
          const old = before.get(row.playerId);
          if (old?.rank === row.rank && !round.has(row.playerId)) expect(row).toBe(old);
        }
      }),
    );
  });
});

describe('A large step', () => {
  const wide = (playerId: number, finalRating: number): Score => ({
    playerId,
    playerName: `Player ${playerId}`,
    picture: 'p'.repeat(2_000),
    tier: 'GOLD',
    mode: 'LEGEND',
    finalRating,
    problemsSolved: 1,
    penaltyMins: 0,
    lastSolvedAt: null,
  });
  let before: readonly LeaderboardRow[];
  beforeAll(() => {
    before = stepOf([], new Map(Array.from({ length: 2_000 }, (_, i) => [i + 1, wide(i + 1, i)]))).order;
  });

  it('becomes a chain of deltas within the size limit, exact at its end', () => {
    const round = new Map(
      Array.from({ length: 900 }, (_, i) => [i * 2 + 1, wide(i * 2 + 1, (i * 7_919) % 2_003)]),
    );
    const step = stepOf(before, round);
    const context = { contestId: 1, from: 7, after: 7, audience: 'real' as const };
    const deltas = deltasOf({ ...step, total: step.order.length }, context) ?? [];
    expect(deltas.length).toBeGreaterThan(2);
    let leaderboard: LeaderboardState | undefined = leaderboardOf(before, 7);
    for (const delta of deltas) {
      expect(
        Buffer.byteLength(prepare('LEADERBOARD_UPDATE', delta, { internal: true }).data),
      ).toBeLessThanOrEqual(MAX_DATA_BYTES);
      leaderboard = leaderboard && applyDelta(leaderboard, delta);
    }
    expect(leaderboard).toEqual(leaderboardOf(step.order, deltas.at(-1)?.version));
  });

  it('beyond the limit of a chain makes every reader load the leaderboard again', () => {
    const round = new Map(
      before.map(({ playerId }) => [playerId, wide(playerId, (playerId * 7_919) % 2_003)]),
    );
    const step = stepOf(before, round);
    expect(
      deltasOf({ ...step, total: step.order.length }, { contestId: 1, from: 7, after: 7, audience: 'all' }),
    ).toBeUndefined();
    expect(applyDelta(leaderboardOf(before, 7), missedDelta(1, 9, before.length, 'all'))).toBeUndefined();
  });
});

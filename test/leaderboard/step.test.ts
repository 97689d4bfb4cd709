import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deltasOf, missedDelta } from '../../src/leaderboard/deltas.ts';
import { stepOf } from '../../src/leaderboard/step.ts';
import { MAX_DATA_BYTES, prepare } from '../../src/log/prepare.ts';
import type { Score } from '../../src/platform/scores.ts';
import { applyDelta, type Board, compareStandings, type Standing } from '../../src/protocol/board.ts';

/** Few ratings and moments, so that ties are the rule. */
const score = (playerId: number, wide = ''): fc.Arbitrary<Score> =>
  fc
    .record({
      finalRating: fc.constantFrom(0, 10, 10.5, 20, 30),
      lastSolvedAt: fc.constantFrom(null, '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:01.000Z'),
      problemsSolved: fc.nat(2),
    })
    .map((values) => ({
      playerId,
      playerName: `Player ${playerId}`,
      picture: wide,
      tier: null,
      mode: 'PRECISION',
      penaltyMins: 0,
      ...values,
    }));

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

/** Competition ranking in the simplest words: one more than how many are before you. */
function rankedBy(rows: Iterable<Score>): Map<number, Standing> {
  const all = [...rows];
  const rank = (row: Score) => 1 + all.filter((other) => compareStandings(other, row) < 0).length;
  return new Map(all.map((row) => [row.playerId, { ...row, rank: rank(row) }]));
}

const boardOf = (order: readonly Standing[], version = 0): Board => ({
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

describe('A step from one board to the next', () => {
  it('ranks as competitions do, best first', () => {
    fc.assert(
      fc.property(scores(12), (rows) => {
        const { order } = stepOf([], rows);
        expect(new Map(order.map((row) => [row.playerId, row]))).toEqual(rankedBy(rows.values()));
        expect([...order].sort((a, b) => a.rank - b.rank || a.playerId - b.playerId)).toEqual(order);
      }),
    );
  });

  it('told as a delta makes the next board of the one before, ties and all', () => {
    fc.assert(
      fc.property(scores(14), fc.array(changes(14), { minLength: 1, maxLength: 5 }), (start, rounds) => {
        let rows: Map<number, Score> = start;
        let { order } = stepOf([], start);
        let board = boardOf(order);
        for (const round of rounds) {
          const step = stepOf(order, round);
          const deltas = deltasOf(
            { ...step, total: step.order.length },
            { contestId: 1, from: board.version, after: board.version, real: false },
          );
          for (const delta of deltas ?? []) board = applyDelta(board, delta) ?? boardOf([]);
          order = step.order;
          rows = withChanges(rows, round);
          expect(board.rows).toEqual(rankedBy(rows.values()));
          expect(board).toEqual(boardOf(order, board.version));
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

  it('of a board that nothing changed is no step', () => {
    fc.assert(
      fc.property(scores(10), (rows) => {
        const { order } = stepOf([], rows);
        expect(stepOf(order, rows)).toEqual({ order, changed: [], removed: [], shifts: [] });
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
  const before = stepOf([], new Map(Array.from({ length: 2_000 }, (_, i) => [i + 1, wide(i + 1, i)]))).order;

  it('becomes a chain of deltas, each within its bound, whose end is exact', () => {
    const round = new Map(
      Array.from({ length: 900 }, (_, i) => [i * 2 + 1, wide(i * 2 + 1, (i * 7_919) % 2_003)]),
    );
    const step = stepOf(before, round);
    const context = { contestId: 1, from: 7, after: 7, real: true };
    const deltas = deltasOf({ ...step, total: step.order.length }, context) ?? [];
    expect(deltas.length).toBeGreaterThan(2);
    let board: Board | undefined = boardOf(before, 7);
    for (const delta of deltas) {
      expect(
        Buffer.byteLength(prepare('LEADERBOARD_UPDATE', delta, { internal: true }).data),
      ).toBeLessThanOrEqual(MAX_DATA_BYTES);
      board = board && applyDelta(board, delta);
    }
    expect(board).toEqual(boardOf(step.order, deltas.at(-1)?.version));
  });

  it('that is larger still is not told: everybody is made to read again', () => {
    const round = new Map(
      before.map(({ playerId }) => [playerId, wide(playerId, (playerId * 7_919) % 2_003)]),
    );
    const step = stepOf(before, round);
    expect(
      deltasOf({ ...step, total: step.order.length }, { contestId: 1, from: 7, after: 7, real: false }),
    ).toBeUndefined();
    expect(applyDelta(boardOf(before, 7), missedDelta(1, 9, before.length, false))).toBeUndefined();
  });
});

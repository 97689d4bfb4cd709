import { describe, expect, it } from 'vitest';
import {
  afterStep,
  problemLetter,
  type RevealRow,
  type RevealStepData,
  type RevealView,
  revealViewOf,
} from '../../src/web/arena/reveal/reveal-view.ts';
import { leaderboardRow } from '../support/leaderboard-row.ts';

const row = (playerId: number, rating: number, pending: number[]): RevealRow => ({
  ...leaderboardRow(playerId, 1, rating),
  cells: pending.map((problemId) => ({ problemId, attempts: 0, pending: 1 })),
});
const step = (number: number, data: Partial<RevealStepData>): RevealStepData => ({
  contestId: 1,
  freezeNo: 2,
  step: number,
  extent: 'cell',
  cells: [],
  settled: false,
  pending: 0,
  finished: false,
  ...data,
});
const ranks = ({ rows }: RevealView) => rows.map(({ playerId, rank }) => [playerId, rank]);

describe('The view of a reveal', () => {
  const opened = revealViewOf(
    {
      state: 'open',
      freezeNo: 2,
      step: 0,
      last: step(0, { pending: 2, next: { playerId: 3, problemId: 1 } }),
    },
    [row(1, 300, []), row(2, 100, [2]), row(3, 100, [1])],
    [1, 2],
  );

  it('ranks rows, and moves one with the step that reveals its total', () => {
    expect(ranks(opened)).toEqual([
      [1, 1],
      [2, 2],
      [3, 2],
    ]);
    const cell = { problemId: 1, attempts: 1, solvedAt: 90 };
    const { cells: _, ...after } = row(3, 400, []);
    const next = afterStep(
      opened,
      step(1, { playerId: 3, cells: [cell], row: after, settled: true, pending: 1 }),
    ) as RevealView;
    expect(ranks(next)).toEqual([
      [3, 1],
      [1, 2],
      [2, 3],
    ]);
    expect(next.rows[0]?.cells).toEqual([cell]);
    expect([next.step, next.pending, next.finished]).toEqual([1, 1, false]);
  });

  it('leaves a repeated step out, and asks to be read again where one is missing', () => {
    const one = afterStep(opened, step(1, {})) as RevealView;
    expect(afterStep(one, step(1, { pending: 9 }))).toBe(one);
    expect(afterStep(one, step(3, {}))).toBeUndefined();
    // Steps are counted anew for each freeze.
    expect(afterStep(one, step(2, { freezeNo: 1 }))).toBe(one);
    expect(afterStep(one, step(1, { freezeNo: 3 }))).toBeUndefined();
  });

  it('letters problems beyond the alphabet', () => {
    expect([0, 25, 26, 27, 701, 702].map(problemLetter)).toEqual(['A', 'Z', 'AA', 'AB', 'ZZ', 'AAA']);
  });
});

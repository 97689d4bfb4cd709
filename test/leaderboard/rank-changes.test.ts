import { describe, expect, it } from 'vitest';
import { rankChangesBetween } from '../../src/leaderboard/rank-changes.ts';
import type { LeaderboardRow } from '../../src/protocol/leaderboard.ts';
import { leaderboardRow } from '../support/leaderboard-row.ts';

/** Players are numbered by their place before the change. */
const row = leaderboardRow;

const byPlayer = (rows: readonly LeaderboardRow[]) => new Map(rows.map((one) => [one.playerId, one]));
const changesOf = (before: readonly LeaderboardRow[], after: readonly LeaderboardRow[], top: number) =>
  [...rankChangesBetween(before, byPlayer(before), byPlayer(after), top)].sort();

describe('Rank changes', () => {
  const before = [row(1, 1, 50), row(2, 2, 40), row(3, 3, 30), row(4, 4, 20)];
  const fourthWins = [row(4, 1, 60), row(1, 2, 50), row(2, 3, 40), row(3, 4, 30)];

  it.each([
    [0, [[4, 4]]],
    [
      1,
      [
        [1, 1],
        [4, 4],
      ],
    ],
    [
      2,
      [
        [1, 1],
        [2, 2],
        [4, 4],
      ],
    ],
    [
      9,
      [
        [1, 1],
        [2, 2],
        [3, 3],
        [4, 4],
      ],
    ],
  ])('are those of players who moved, and of overtaken ones within the first %i ranks', (top, expected) => {
    expect(changesOf(before, fourthWins, top)).toEqual(expected);
  });

  it('are none where ranks moved without a result that changed', () => {
    const renamed = [row(1, 1, 50, { playerName: 'Ada', penaltyMins: 9 }), ...before.slice(1)];
    expect(changesOf(before, renamed, 9)).toEqual([]);
    // The first player left: all others move up, and none of them scored.
    const left = [row(2, 1, 40), row(3, 2, 30), row(4, 3, 20)];
    expect(changesOf(before, left, 9)).toEqual([]);
    expect(changesOf(before, before, 9)).toEqual([]);
  });

  it('are those of players who solved one more, though the rating stayed', () => {
    // The first player left, so that the second moves up without a better rating.
    const left = [row(2, 1, 40, { problemsSolved: 2 }), row(3, 2, 30), row(4, 3, 20)];
    expect(changesOf(before, left, 0)).toEqual([[2, 2]]);
  });

  it('are none where a better result leaves the rank as it was', () => {
    expect(changesOf(before, [row(1, 1, 55), ...before.slice(1)], 9)).toEqual([]);
  });

  it('begin unranked (0) at the first result, of players who were there and of those who join with one', () => {
    const idle = [row(1, 1, 50), row(2, 2, 0), row(3, 2, 0)];
    expect(changesOf(idle, [row(1, 1, 50), row(3, 2, 10), row(2, 3, 0)], 9)).toEqual([[3, 0]]);
    expect(changesOf(idle, [row(4, 1, 70), row(1, 2, 50), row(2, 3, 0), row(3, 3, 0)], 9)).toEqual([
      [1, 1],
      [4, 0],
    ]);
  });

  it('are none for players who join without a result', () => {
    expect(changesOf(before, [...before, row(5, 5, 0)], 9)).toEqual([]);
    expect(changesOf([], [row(5, 1, 0)], 9)).toEqual([]);
  });

  it.each([
    ['a rating', row(5, 5, 1, { problemsSolved: 0 })],
    ['a solved problem', row(5, 5, 0, { problemsSolved: 1 })],
    ['a time of a solve', row(5, 5, 0, { lastSolvedAt: '2026-01-01T00:00:00.000Z' })],
  ])('count %s as a result', (_, joined) => {
    expect(changesOf(before, [...before, joined], 0)).toEqual([[5, 0]]);
  });

  it('do not notify overtaken players without a result', () => {
    const idle = [row(1, 1, 0), row(2, 1, 0)];
    expect(changesOf(idle, [row(2, 1, 10), row(1, 2, 0)], 9)).toEqual([[2, 0]]);
  });

  it('begin at the old rank of a player who loses the last result', () => {
    expect(changesOf(before, [row(2, 1, 40), row(3, 2, 30), row(4, 3, 20), row(1, 4, 0)], 0)).toEqual([
      [1, 1],
    ]);
  });

  it('are those of players who are left behind when a tie breaks, within the first ranks', () => {
    const tied = [row(1, 1, 50), row(2, 1, 50), row(3, 3, 30)];
    const broken = [row(1, 1, 60), row(2, 2, 50), row(3, 3, 30)];
    expect(changesOf(tied, broken, 9)).toEqual([[2, 1]]);
    expect(changesOf(tied, broken, 0)).toEqual([]);
  });
});

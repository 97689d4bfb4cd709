import { describe, expect, it } from 'vitest';
import type { BoardRow } from '../../src/client/types.ts';
import {
  clampToView,
  drawnPlaces,
  GLIDE_MS,
  glideTo,
  SHOWN_MS,
  trailing,
  withoutGlides,
} from '../../src/react/leaderboard/glides.ts';
import { drawnRange, inViewRange } from '../../src/react/leaderboard/visible-range.ts';
import { leaderboardRow } from '../support/leaderboard-row.ts';

const rowsOf = (...ratings: readonly (readonly [playerId: number, rating: number])[]): BoardRow[] =>
  ratings.map(([playerId, finalRating], place) => ({
    ...leaderboardRow(playerId, place + 1, finalRating),
    previousRank: undefined,
    changedAt: undefined,
  }));
const many = (count: number) =>
  rowsOf(...Array.from({ length: count }, (_, place) => [place + 1, count - place] as const));

describe('Gliding rows', () => {
  const all = { first: 0, last: 10 };

  it('know from where to where, and whose own score it was', () => {
    const before = withoutGlides(rowsOf([1, 30], [2, 20], [3, 10]));
    const after = glideTo(before, rowsOf([3, 40], [1, 30], [2, 20]), all, 1_000);
    expect([...after.glides.values()]).toEqual([
      { playerId: 3, from: 2, to: 0, scored: true, at: 1_000 },
      { playerId: 1, from: 0, to: 1, scored: false, at: 1_000 },
      { playerId: 2, from: 1, to: 2, scored: false, at: 1_000 },
    ]);
  });

  it('are none where nothing moved, and a new row comes from nowhere', () => {
    const before = withoutGlides(rowsOf([1, 30], [2, 20]));
    expect(glideTo(before, rowsOf([1, 30], [2, 20]), all, 0).glides.size).toBe(0);
    expect(glideTo(before, rowsOf([1, 30], [2, 20], [3, 10]), all, 0).glides.size).toBe(0);
  });

  it('are forgotten in time, and with rows that are gone', () => {
    const swapped = glideTo(withoutGlides(rowsOf([1, 30], [2, 20])), rowsOf([2, 40], [1, 30]), all, 0);
    const rows = rowsOf([2, 40], [1, 30]);
    expect(glideTo(swapped, rows, all, SHOWN_MS - 1).glides.size).toBe(2);
    expect(glideTo(swapped, rows, all, SHOWN_MS).glides.size).toBe(0);
    expect(glideTo(swapped, rowsOf([1, 30]), all, 1).glides.has(2)).toBe(false);
  });

  it('are only the visible ones, however many move', () => {
    const before = many(10_000);
    const last = before.at(-1) as BoardRow;
    const after = [{ ...last, finalRating: 99_999 }, ...before.slice(0, -1)];
    const seen = { first: 4_000, last: 4_040 };
    const gliding = glideTo(withoutGlides(before), after, seen, 0);
    // The one that passes, and the visible ones that make room.
    expect(gliding.glides.size).toBeLessThanOrEqual(42);
    expect(gliding.glides.has(last.playerId)).toBe(true);
    expect(drawnPlaces(gliding, seen, 0).length).toBeLessThanOrEqual(42);
  });

  it('stay drawn until they leave the viewport', () => {
    const before = many(100);
    const first = before[0] as BoardRow;
    const after = [...before.slice(1), { ...first, finalRating: 0 }];
    const seen = { first: 0, last: 20 };
    const gliding = glideTo(withoutGlides(before), after, seen, 0);
    expect(drawnPlaces(gliding, seen, 0)).toContain(99);
    expect(drawnPlaces(gliding, seen, GLIDE_MS)).not.toContain(99);
    expect(clampToView(99, seen)).toBe(21);
    expect(clampToView(7, seen)).toBe(7);
  });

  /** So many of the last come to the top, all by scores of their own. */
  const overtaken = (count: number) => {
    const before = many(100);
    const climbers = before.slice(-count).map((row) => ({ ...row, finalRating: row.finalRating + 9_999 }));
    return glideTo(
      withoutGlides(before),
      [...climbers, ...before.slice(0, -count)],
      { first: 0, last: 20 },
      0,
    );
  };

  it('leave a trail for few, and for none where many move at once', () => {
    expect(trailing(overtaken(3)).map(({ to }) => to)).toEqual([0, 1, 2]);
    expect(trailing(overtaken(12)).map(({ to }) => to)).toEqual([0, 1, 2, 3, 4]);
    expect(trailing(overtaken(13))).toEqual([]);
  });

  it('are given up in a rush, and come back after it', () => {
    const seen = { first: 0, last: 20 };
    expect(overtaken(12).rush).toBe(false);
    const rush = overtaken(13);
    expect(rush.rush).toBe(true);
    expect(drawnPlaces(rush, seen, 0)).toEqual(Array.from({ length: 20 }, (_, place) => place));
    const [first, second, ...others] = rush.rows as [BoardRow, BoardRow];
    const swapped = [{ ...second, finalRating: 99_999 }, first, ...others];
    expect(glideTo(rush, swapped, seen, SHOWN_MS - 1).rush).toBe(true);
    const calm = glideTo(rush, swapped, seen, SHOWN_MS);
    expect(calm.rush).toBe(false);
    expect([...calm.glides.keys()]).toEqual([second.playerId, first.playerId]);
  });
});

describe('The visible rows', () => {
  it('are few of many, with some above and below, and never any that are not there', () => {
    expect(drawnRange(10_000, 40, 0, 800)).toEqual({ first: 0, last: 30 });
    expect(drawnRange(10_000, 40, 40_000, 800)).toEqual({ first: 990, last: 1_030 });
    expect(drawnRange(10_000, 40, 400_000 - 800, 800)).toEqual({ first: 9_970, last: 10_000 });
    expect(drawnRange(0, 40, 0, 800)).toEqual({ first: 0, last: 0 });
    expect(drawnRange(3, 40, 9_999, 800)).toEqual({ first: 3, last: 3 });
    expect(inViewRange(10_000, 40, 0, 800)).toEqual({ first: 0, last: 20 });
    expect(inViewRange(10_000, 40, 21, 790)).toEqual({ first: 1, last: 20 });
    expect(inViewRange(3, 40, 0, 800)).toEqual({ first: 0, last: 3 });
  });
});

import { describe, expect, it } from 'vitest';
import type { BoardRow } from '../../src/client/types.ts';
import { drawnPlaces, GLIDE_MS, glideTo, near, SHOWN_MS, still } from '../../src/react/board/glides.ts';
import { visibleRange } from '../../src/react/board/visible-range.ts';

const rowsOf = (...ratings: readonly (readonly [playerId: number, rating: number])[]): BoardRow[] =>
  ratings.map(([playerId, finalRating], place) => ({
    playerId,
    playerName: `Player ${playerId}`,
    picture: null,
    tier: null,
    mode: null,
    rank: place + 1,
    finalRating,
    problemsSolved: 0,
    penaltyMins: 0,
    lastSolvedAt: null,
    previousRank: undefined,
    changedAt: undefined,
  }));
const many = (count: number) =>
  rowsOf(...Array.from({ length: count }, (_, place) => [place + 1, count - place] as const));

describe('Gliding rows', () => {
  const all = { first: 0, last: 10 };

  it('know from where to where, and whose own score it was', () => {
    const before = still(rowsOf([1, 30], [2, 20], [3, 10]));
    const after = glideTo(before, rowsOf([3, 40], [1, 30], [2, 20]), all, 1_000);
    expect([...after.glides.values()]).toEqual([
      { playerId: 3, from: 2, to: 0, scored: true, at: 1_000 },
      { playerId: 1, from: 0, to: 1, scored: false, at: 1_000 },
      { playerId: 2, from: 1, to: 2, scored: false, at: 1_000 },
    ]);
  });

  it('are none where nothing moved, and somebody new comes from nowhere', () => {
    const before = still(rowsOf([1, 30], [2, 20]));
    expect(glideTo(before, rowsOf([1, 30], [2, 20]), all, 0).glides.size).toBe(0);
    expect(glideTo(before, rowsOf([1, 30], [2, 20], [3, 10]), all, 0).glides.size).toBe(0);
  });

  it('are forgotten in time, and with rows that are gone', () => {
    const swapped = glideTo(still(rowsOf([1, 30], [2, 20])), rowsOf([2, 40], [1, 30]), all, 0);
    const rows = rowsOf([2, 40], [1, 30]);
    expect(glideTo(swapped, rows, all, SHOWN_MS - 1).glides.size).toBe(2);
    expect(glideTo(swapped, rows, all, SHOWN_MS).glides.size).toBe(0);
    expect(glideTo(swapped, rowsOf([1, 30]), all, 1).glides.has(2)).toBe(false);
  });

  it('are only those in sight, however many move', () => {
    const before = many(10_000);
    const last = before.at(-1) as BoardRow;
    const after = [{ ...last, finalRating: 99_999 }, ...before.slice(0, -1)];
    const seen = { first: 4_000, last: 4_040 };
    const gliding = glideTo(still(before), after, seen, 0);
    // The one who passes, and those in sight who make room.
    expect(gliding.glides.size).toBeLessThanOrEqual(42);
    expect(gliding.glides.has(last.playerId)).toBe(true);
    expect(drawnPlaces(gliding, seen, 0).length).toBeLessThanOrEqual(42);
  });

  it('stay drawn until they are out of sight', () => {
    const before = many(100);
    const first = before[0] as BoardRow;
    const after = [...before.slice(1), { ...first, finalRating: 0 }];
    const seen = { first: 0, last: 20 };
    const gliding = glideTo(still(before), after, seen, 0);
    expect(drawnPlaces(gliding, seen, 0)).toContain(99);
    expect(drawnPlaces(gliding, seen, GLIDE_MS)).not.toContain(99);
    expect(near(99, seen)).toBe(21);
    expect(near(7, seen)).toBe(7);
  });
});

describe('The rows in sight', () => {
  it('are few of many, with some above and below, and never any that are not there', () => {
    expect(visibleRange(10_000, 40, 0, 800)).toEqual({ first: 0, last: 30 });
    expect(visibleRange(10_000, 40, 40_000, 800)).toEqual({ first: 990, last: 1_030 });
    expect(visibleRange(10_000, 40, 400_000 - 800, 800)).toEqual({ first: 9_970, last: 10_000 });
    expect(visibleRange(0, 40, 0, 800)).toEqual({ first: 0, last: 0 });
    expect(visibleRange(3, 40, 9_999, 800)).toEqual({ first: 3, last: 3 });
  });
});

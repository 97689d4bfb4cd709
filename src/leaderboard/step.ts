import type { Score } from '../platform/scores.ts';
import { compareStandings, type RankShift, type Standing } from '../protocol/board.ts';

/** From one board to the next. */
export interface Step {
  /** The next board, best first; those with equal results by their id. */
  readonly order: readonly Standing[];
  /** Rows that are new or have other values than before. */
  readonly changed: readonly Standing[];
  readonly removed: readonly number[];
  /** What became of the ranks of all other rows, by the ranks they had: in order, without overlap. */
  readonly shifts: readonly RankShift[];
}

/**
 * What becomes of a board when some rows change. Ranks are competition ranks (1, 1, 3).
 * @param order the board so far, as a step left it
 * @param changes by player: the row as it is now, undefined for those who no longer take part
 */
export function stepOf(order: readonly Standing[], changes: ReadonlyMap<number, Score | undefined>): Step {
  const known = new Map<number, Standing>();
  for (const row of order) if (changes.has(row.playerId)) known.set(row.playerId, row);
  const gone = new Set<number>();
  const coming: Score[] = [];
  for (const [playerId, score] of changes) {
    const before = known.get(playerId);
    if (score === undefined ? before === undefined : before !== undefined && sameScore(before, score))
      continue;
    gone.add(playerId);
    if (score !== undefined) coming.push(score);
  }
  if (gone.size === 0) return { order, changed: [], removed: [], shifts: [] };
  return merge(
    order.filter(({ playerId }) => !gone.has(playerId)),
    coming.sort(compareRows),
    [...gone].filter((playerId) => known.has(playerId) && changes.get(playerId) === undefined),
  );
}

/** Whether nothing of it changed but perhaps the rank. */
export function sameScore(a: Score, b: Score): boolean {
  return (
    compareStandings(a, b) === 0 &&
    a.problemsSolved === b.problemsSolved &&
    a.penaltyMins === b.penaltyMins &&
    a.playerName === b.playerName &&
    a.picture === b.picture &&
    a.tier === b.tier &&
    a.mode === b.mode
  );
}

/** The order of a board. */
function compareRows(a: Score, b: Score): number {
  return compareStandings(a, b) || a.playerId - b.playerId;
}

/** Both are in order; those who stay still have their old ranks. */
function merge(staying: readonly Standing[], coming: readonly Score[], removed: readonly number[]): Step {
  const order: Standing[] = [];
  const changed: Standing[] = [];
  const shifts: { from: number; to: number; by: number }[] = [];
  let shift: { from: number; to: number; by: number } | undefined;
  let next = 0;
  const place = (row: Score): number => {
    const before = order.at(-1);
    return before && compareStandings(before, row) === 0 ? before.rank : order.length + 1;
  };
  const placeComing = (row: Score) => {
    const placed = { ...row, rank: place(row) };
    order.push(placed);
    changed.push(placed);
  };
  for (const row of staying) {
    for (; next < coming.length && compareRows(coming[next] as Score, row) < 0; next++)
      placeComing(coming[next] as Score);
    const rank = place(row);
    const by = rank - row.rank;
    order.push(by === 0 ? row : { ...row, rank });
    // Ranks between two that move alike are nobody's who stays.
    if (shift?.by === by) shift.to = row.rank;
    else {
      shift = by === 0 ? undefined : { from: row.rank, to: row.rank, by };
      if (shift) shifts.push(shift);
    }
  }
  for (; next < coming.length; next++) placeComing(coming[next] as Score);
  return { order, changed, removed, shifts };
}

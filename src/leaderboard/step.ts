import { SCORE_FIELDS, type Score } from '../platform/scores.ts';
import { compareLeaderboardRows, type LeaderboardRow, type RankShift } from '../protocol/leaderboard.ts';

/** Change from one version of a leaderboard to the next. */
export interface Step {
  /** Next version, best first; ties are sorted by player id. */
  readonly order: readonly LeaderboardRow[];
  /** Rows that are new or differ in more than the rank. */
  readonly changed: readonly LeaderboardRow[];
  readonly removed: readonly number[];
  /** How the ranks of all other rows moved, by the ranks they had: sorted, without overlap. */
  readonly shifts: readonly RankShift[];
}

/**
 * Applies changed rows to a leaderboard. Ranks are competition ranks (1, 1, 3).
 * @param order the leaderboard so far, as a step returned it
 * @param changes current row by player; undefined for players who left
 */
export function stepOf(
  order: readonly LeaderboardRow[],
  changes: ReadonlyMap<number, Score | undefined>,
): Step {
  const known = new Map<number, LeaderboardRow>();
  for (const row of order) if (changes.has(row.playerId)) known.set(row.playerId, row);
  const replaced = new Set<number>();
  const incoming: Score[] = [];
  for (const [playerId, score] of changes) {
    const before = known.get(playerId);
    if (score === undefined ? before === undefined : before !== undefined && sameScore(before, score))
      continue;
    replaced.add(playerId);
    if (score !== undefined) incoming.push(score);
  }
  if (replaced.size === 0) return { order, changed: [], removed: [], shifts: [] };
  return merge(
    order.filter(({ playerId }) => !replaced.has(playerId)),
    incoming.sort(comparePlaces),
    [...replaced].filter((playerId) => known.has(playerId) && changes.get(playerId) === undefined),
  );
}

/** Whether two rows are equal but for their ranks. */
export function sameScore(a: Score, b: Score): boolean {
  return SCORE_FIELDS.every((field) => a[field] === b[field]);
}

/** Sort order of a leaderboard. */
function comparePlaces(a: Score, b: Score): number {
  return compareLeaderboardRows(a, b) || a.playerId - b.playerId;
}

/** Merges two sorted lists; `staying` rows still have their old ranks. */
function merge(
  staying: readonly LeaderboardRow[],
  incoming: readonly Score[],
  removed: readonly number[],
): Step {
  const order: LeaderboardRow[] = [];
  const changed: LeaderboardRow[] = [];
  const shifts: { from: number; to: number; by: number }[] = [];
  let shift: { from: number; to: number; by: number } | undefined;
  let next = 0;
  const place = (row: Score): number => {
    const before = order.at(-1);
    return before && compareLeaderboardRows(before, row) === 0 ? before.rank : order.length + 1;
  };
  const placeIncoming = (row: Score) => {
    const placed = { ...row, rank: place(row) };
    order.push(placed);
    changed.push(placed);
  };
  for (const row of staying) {
    for (; next < incoming.length && comparePlaces(incoming[next] as Score, row) < 0; next++)
      placeIncoming(incoming[next] as Score);
    const rank = place(row);
    const by = rank - row.rank;
    order.push(by === 0 ? row : { ...row, rank });
    // No staying row has a rank between two that move by the same amount: one shift covers both.
    if (shift?.by === by) shift.to = row.rank;
    else {
      shift = by === 0 ? undefined : { from: row.rank, to: row.rank, by };
      if (shift) shifts.push(shift);
    }
  }
  for (; next < incoming.length; next++) placeIncoming(incoming[next] as Score);
  return { order, changed, removed, shifts };
}

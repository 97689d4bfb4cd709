import { compareLeaderboardRows, type LeaderboardRow } from '../protocol/leaderboard.ts';

type RowsByPlayer = ReadonlyMap<number, LeaderboardRow>;

/**
 * Determines who is notified of a new rank, and the rank it began at: players whose own result changed, and players
 * within the first `top` ranks whom they overtook. 0: unranked, before the first score.
 * @param order rows before the change, best first
 * @param before the same rows by player
 * @param after rows after the change, by player
 */
export function rankChangesBetween(
  order: readonly LeaderboardRow[],
  before: RowsByPlayer,
  after: RowsByPlayer,
  top: number,
): Map<number, number> {
  const changes = new Map<number, number>();
  let hasChanged = false;
  for (const [playerId, row] of after) {
    const old = before.get(playerId);
    if (old === row || (old !== undefined && sameResult(old, row))) continue;
    hasChanged = true;
    const from = old !== undefined && hasScored(old) ? old.rank : 0;
    if (from !== row.rank && (from > 0 || hasScored(row))) changes.set(playerId, from);
  }
  // Who breaks a tie keeps the rank, and overtakes all the same.
  if (!hasChanged) return changes;
  for (const old of order) {
    if (old.rank > top) break;
    const row = after.get(old.playerId);
    if (row && row.rank > old.rank && hasScored(old) && !changes.has(old.playerId))
      changes.set(old.playerId, old.rank);
  }
  return changes;
}

/** Whether a player has a rank at all: without any result there is none to notify of. */
function hasScored(row: LeaderboardRow): boolean {
  return row.finalRating > 0 || row.problemsSolved > 0 || row.lastSolvedAt !== null;
}

function sameResult(a: LeaderboardRow, b: LeaderboardRow): boolean {
  return compareLeaderboardRows(a, b) === 0 && a.problemsSolved === b.problemsSolved;
}

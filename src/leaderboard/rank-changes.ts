import { compareStandings, type Standing } from '../protocol/board.ts';

type Board = ReadonlyMap<number, Standing>;

/**
 * Who is to be told of a new rank after a change, and from which rank: those whose own score moved, and those within the
 * first `top` ranks whom they overtook. 0 stands for no rank, before the first score.
 */
export function movesBetween(
  before: readonly Standing[],
  known: Board,
  after: Board,
  top: number,
): Map<number, number> {
  const moves = new Map<number, number>();
  for (const [playerId, row] of after) {
    const old = known.get(playerId);
    if (old === row || (old !== undefined && sameResult(old, row))) continue;
    const from = old !== undefined && hasScored(old) ? old.rank : 0;
    if (from !== row.rank && (from > 0 || hasScored(row))) moves.set(playerId, from);
  }
  if (moves.size === 0) return moves;
  for (const old of before) {
    if (old.rank > top) break;
    const row = after.get(old.playerId);
    if (row && row.rank > old.rank && hasScored(old) && !moves.has(old.playerId))
      moves.set(old.playerId, old.rank);
  }
  return moves;
}

/** Whoever has solved nothing has no rank worth telling of. */
function hasScored(row: Standing): boolean {
  return row.finalRating > 0 || row.problemsSolved > 0 || row.lastSolvedAt !== null;
}

function sameResult(a: Standing, b: Standing): boolean {
  return compareStandings(a, b) === 0 && a.problemsSolved === b.problemsSolved;
}

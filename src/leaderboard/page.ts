import type { LeaderboardRow } from '../protocol/leaderboard.ts';
import { Problem } from '../protocol/problem.ts';

export interface PageQuery {
  readonly limit: number;
  readonly offset: number;
  /** Only players of this mode; they keep their ranks. */
  readonly mode?: LeaderboardRow['mode'] | undefined;
  /** Rows around this player, instead of those after `offset`. */
  readonly around?: number | undefined;
}

export interface LeaderboardSlice {
  /** Rows on all pages together. */
  readonly total: number;
  /** Rows before this page. */
  readonly offset: number;
  readonly rows: readonly LeaderboardRow[];
}

/**
 * Slice of a leaderboard.
 * @throws Problem `not-in-standings` when `around` has no row in it
 */
export function pageOf(
  order: readonly LeaderboardRow[],
  { limit, offset, mode, around }: PageQuery,
): LeaderboardSlice {
  const rows = mode ? order.filter((row) => row.mode === mode) : order;
  let start = offset;
  if (around !== undefined) {
    const at = rows.findIndex(({ playerId }) => playerId === around);
    if (at < 0) throw new Problem('not-in-standings');
    start = Math.max(0, Math.min(at - Math.floor(limit / 2), rows.length - limit));
  }
  return { total: rows.length, offset: start, rows: rows.slice(start, start + limit) };
}

import type { LeaderboardRow } from '../../src/protocol/leaderboard.ts';

/** A row of a leaderboard: a player without picture, tier or mode. Without a rating there is no result. */
export function leaderboardRow(
  playerId: number,
  rank: number,
  finalRating: number,
  more: Partial<LeaderboardRow> = {},
): LeaderboardRow {
  return {
    playerId,
    playerName: `Player ${playerId}`,
    picture: null,
    tier: null,
    mode: null,
    rank,
    finalRating,
    problemsSolved: finalRating > 0 ? 1 : 0,
    penaltyMins: 0,
    lastSolvedAt: null,
    ...more,
  };
}

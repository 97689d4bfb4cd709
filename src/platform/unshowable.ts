import type { LeaderboardRow } from '../protocol/leaderboard.ts';

/** Participant whose row cannot be shown, and why. The row is left out; all others are shown. */
export interface Unshowable {
  /** As the database has it: beyond 2^53 a number would be another id. */
  readonly playerId: string;
  readonly reason: string;
}

/** Max of the columns in which a leaderboard is stored. */
export const MAX_INT = 2 ** 31 - 1;

/** SQL: whether an id is one that can be shown: 1 … 2^53 − 1. */
export const isShowableId = (id: string) => `${id} BETWEEN 1 AND ${Number.MAX_SAFE_INTEGER}`;

/** Why a score cannot be shown; undefined if it can. */
export function reasonAgainst(score: Omit<LeaderboardRow, 'rank'>): string | undefined {
  if (!Number.isSafeInteger(score.playerId) || score.playerId < 1)
    return `its player_id is not a whole number from 1 to ${Number.MAX_SAFE_INTEGER}`;
  if (!Number.isFinite(score.finalRating)) return 'its final_rating is not a number';
  if (!isCount(score.problemsSolved)) return `its problems_solved is not a whole number up to ${MAX_INT}`;
  if (!isCount(score.penaltyMins)) return `its penalty_mins is not a whole number up to ${MAX_INT}`;
  if (!score.playerName.isWellFormed() || score.picture?.isWellFormed() === false)
    return 'its name or picture is not text';
  return undefined;
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= MAX_INT;
}

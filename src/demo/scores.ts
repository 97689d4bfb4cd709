import type { Transaction } from '../db/database.ts';
import { ratingOf } from './problems.ts';
import type { World } from './world.ts';

interface Place {
  readonly playerId: number;
  readonly playerName: string;
  readonly rank: number;
  readonly rating: number;
}

/** Reads the leaderboard of the live contest, best first. */
export function readPlaces(tx: Transaction, contestId: number): Promise<Place[]> {
  return tx.query<Place>(
    `SELECT player_id AS playerId, player_name AS playerName, live_rank AS \`rank\`, final_rating + 0e0 AS rating
     FROM v_contest_leaderboard WHERE contest_id = ? ORDER BY live_rank, player_id`,
    [contestId],
  );
}

interface Score {
  readonly playerId: number;
  readonly rawScore: number;
  readonly accuracyScore: number;
  readonly penaltyMins: number;
  readonly problemsSolved: number;
}

/** Reads a participant's score, its row locked until the transaction ends. */
export async function lockScore(
  tx: Transaction,
  contestId: number,
  playerId: number,
): Promise<Score | undefined> {
  const [score] = await tx.query<Score>(
    `SELECT player_id AS playerId, raw_score AS rawScore, accuracy_score + 0e0 AS accuracyScore,
      penalty_mins AS penaltyMins, problems_solved AS problemsSolved
     FROM contest_participant WHERE contest_id = ? AND player_id = ? FOR UPDATE`,
    [contestId, playerId],
  );
  return score;
}

/** Writes a score with its rating. @param solvedNow whether the time of the last solve is now */
export async function writeScore(
  tx: Transaction,
  { contestId, clock }: World,
  score: Score,
  solvedNow: boolean,
): Promise<void> {
  const { playerId, rawScore, accuracyScore, penaltyMins, problemsSolved } = score;
  const now = clock.stored('contest_participant', 'last_solved_at', 'UTC_TIMESTAMP()');
  await tx.execute(
    `UPDATE contest_participant SET raw_score = ?, xp_earned = ?, accuracy_score = ?, penalty_mins = ?,
      problems_solved = ?, final_rating = ?
      ${solvedNow ? `, last_solved_at = ${now}` : ''}
     WHERE contest_id = ? AND player_id = ?`,
    [
      rawScore,
      rawScore,
      accuracyScore,
      penaltyMins,
      problemsSolved,
      ratingOf(rawScore, accuracyScore, penaltyMins),
      contestId,
      playerId,
    ],
  );
}

import type { Transaction } from '../db/database.ts';
import type { PlatformClock } from '../platform/clock.ts';
import { idsOf } from '../platform/id-list.ts';
import type { Difficulty } from '../protocol/enums.ts';
import { emailOf, PLAYERS } from './cast.ts';
import { problemInTurn, ratingOf } from './problems.ts';

/**
 * Resets the demo players' scores in a contest to the start of a round.
 *
 * @param minutes from now to the instant that the times of last solves are relative to.
 */
export async function startOver(
  tx: Transaction,
  clock: PlatformClock,
  contestId: number,
  minutes = 0,
): Promise<void> {
  const solvedAt = clock.stored(
    'contest_participant',
    'last_solved_at',
    'UTC_TIMESTAMP() + INTERVAL ? MINUTE',
  );
  const problems = await contestProblems(tx, contestId);
  for (const [index, cast] of PLAYERS.entries()) {
    let rawScore = 0;
    for (let solved = 0; solved < cast.solved; solved++)
      rawScore += problemInTurn(problems, index, solved)?.points ?? 0;
    await tx.execute(
      `UPDATE contest_participant SET raw_score = ?, accuracy_score = ?, xp_score = ?, final_rating = ?,
        problems_solved = ?, penalty_mins = ?, xp_earned = ?,
        last_solved_at = ${solvedAt}
       WHERE contest_id = ? AND player_id IN (
         SELECT p.id FROM player p JOIN users u ON u.id = p.user_id WHERE u.email = ?)`,
      [
        rawScore,
        cast.accuracy,
        0,
        ratingOf(rawScore, cast.accuracy, cast.penaltyMins),
        cast.solved,
        cast.penaltyMins,
        rawScore,
        minutes - cast.lastSolvedMinsAgo,
        contestId,
        emailOf(cast.name),
      ],
    );
  }
}

export interface ContestProblem {
  readonly id: number;
  readonly title: string;
  readonly points: number;
  readonly difficulty: Difficulty;
}

/** Reads a contest's existing problems, in its order. */
export async function contestProblems(tx: Transaction, contestId: number): Promise<ContestProblem[]> {
  const [contest] = await tx.query<{ problems: string }>('SELECT problems FROM contest WHERE id = ?', [
    contestId,
  ]);
  const ids = idsOf(contest?.problems);
  if (ids.length === 0) return [];
  const rows = await tx.query<ContestProblem>(
    `SELECT id, title, points, difficulty FROM problem WHERE id IN (${ids.map(() => '?').join(', ')})`,
    ids,
  );
  return ids.flatMap((id) => rows.find((row) => row.id === id) ?? []);
}

import type { Database } from '../../db/database.ts';
import { describeLeftOut } from '../../leaderboard/left-out-rows.ts';
import { readUnshowable } from '../../platform/scores.ts';
import { type Finding, good, wrong } from './finding.ts';

/** Max contests that are named. */
const EXAMPLES = 3;

/** Checks that every participant of every contest can be shown. */
export async function checkParticipants(database: Pick<Database, 'query'>): Promise<Finding[]> {
  const contests = await readUnshowable(database);
  if (contests.size === 0) return [good('Every participant can be shown in the leaderboards.')];
  const sentences = [...contests].map(([contestId, rows]) => describeLeftOut(contestId, rows));
  const more = contests.size - EXAMPLES;
  return [
    ...sentences.slice(0, EXAMPLES).map((sentence) => wrong(`In ${sentence}`)),
    ...(more > 0 ? [wrong(`The same in ${more} contests more.`)] : []),
  ];
}

import type { Queries } from '../../../src/db/database.ts';
import { until as untilWithin } from '../until.ts';
import {
  createContest,
  createPlayer,
  createProblem,
  createSubmission,
  joinContest,
  type PlayerIds,
  setFrozen,
} from './platform.ts';

/** How long the leader may take to find a change that nothing reports, on a busy machine, in ms. */
const PATIENCE_MS = 45_000;
const until = (condition: () => unknown) => untilWithin(condition, PATIENCE_MS);

/** A contest that ended while its standings were frozen. */
export interface FrozenContest {
  readonly contestId: number;
  /** Ids of its three problems, in their order. */
  readonly problems: readonly [number, number, number];
  /** Shown with 300, 200, 100 and 0 points; really they have 300, 400, 350 and 0. */
  readonly players: readonly [PlayerIds, PlayerIds, PlayerIds, PlayerIds];
}

/** What the set-up needs of a row of the leaderboard. */
interface ShownRow {
  readonly finalRating: number;
}

/** Hidden submissions: player and problem, each by its place, and the verdict. */
const HIDDEN = [
  [0, 1, 'WRONG_ANSWER'],
  [1, 1, 'ACCEPTED'],
  [2, 2, 'WRONG_ANSWER'],
  [2, 0, 'ACCEPTED'],
] as const;
const SHOWN = [300, 200, 100, 0];
const REAL = [300, 400, 350, 0];

/** The order in which a reveal opens its cells: player and problem, each by its place. */
export const REVEAL_ORDER = [
  [2, 0],
  [2, 2],
  [1, 1],
  [0, 1],
] as const;

/**
 * Creates a frozen contest as the platform would play it, beside a service that follows it.
 * @param readShown reads the rows that players are shown; none where something is still missing before the freeze
 */
export async function createFrozenContest(
  database: Queries,
  readShown: (contestId: number) => Promise<readonly ShownRow[]>,
): Promise<FrozenContest> {
  const problems: number[] = [];
  for (let count = 0; count < 3; count++)
    problems.push(await createProblem(database, { title: `Problem ${count + 1}` }));
  const players: PlayerIds[] = [];
  for (const name of ['Ada', 'Bob', 'Cleo', 'Dan']) players.push(await createPlayer(database, { name }));
  const contestId = await createContest(database, { title: 'Final', problems, startedMinutesAgo: 90 });
  const submit = (player: number, problem: number, verdict: string, minutesAgo = 0) =>
    createSubmission(database, {
      contestId,
      playerId: (players[player] as PlayerIds).playerId,
      problemId: problems[problem] as number,
      verdict,
      minutesAgo,
    });
  for (const [index, { playerId }] of players.entries())
    await joinContest(database, {
      contestId,
      playerId,
      finalRating: SHOWN[index] as number,
      problemsSolved: SHOWN[index] ? 1 : 0,
    });
  await submit(0, 0, 'ACCEPTED', 60);
  await submit(1, 0, 'ACCEPTED', 50);
  await submit(2, 1, 'ACCEPTED', 40);
  await until(async () => {
    const rows = await readShown(contestId);
    return (
      rows.length === SHOWN.length && rows.every(({ finalRating }, index) => finalRating === SHOWN[index])
    );
  });
  await setFrozen(database, contestId, true);
  // Without triggers a freeze begins when a poll finds it.
  await until(
    async () =>
      (await database.query('SELECT 1 FROM standings_board WHERE contest_id = ? AND frozen', [contestId]))
        .length > 0,
  );
  for (const [player, problem, verdict] of HIDDEN) await submit(player, problem, verdict);
  for (const [index, { playerId }] of players.entries())
    await database.execute(
      'UPDATE contest_participant SET final_rating = ?, problems_solved = problems_solved + ?, final_rank = ? WHERE contest_id = ? AND player_id = ?',
      [
        REAL[index],
        REAL[index] === SHOWN[index] ? 0 : 1,
        1 + REAL.filter((one) => one > (REAL[index] as number)).length,
        contestId,
        playerId,
      ],
    );
  await database.execute("UPDATE contest SET status = 'ENDED', winner_ids = ? WHERE id = ?", [
    JSON.stringify([players[1]?.playerId]),
    contestId,
  ]);
  await until(
    async () =>
      (
        await database.query(
          "SELECT 1 FROM contest_announced WHERE contest_id = ? AND status IN ('ENDED', 'OVER')",
          [contestId],
        )
      ).length > 0,
  );
  return {
    contestId,
    problems: problems as unknown as FrozenContest['problems'],
    players: players as unknown as FrozenContest['players'],
  };
}

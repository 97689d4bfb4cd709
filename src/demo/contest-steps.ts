import type { Transaction } from '../db/database.ts';
import type { NewEvent } from '../protocol/event.ts';
import { problemInTurn } from './problems.ts';
import { contestProblems, startOver } from './round.ts';
import { lockScore, readPlaces, writeScore } from './scores.ts';
import { lockPlayers, pick, type World } from './world.ts';
import { grantXp } from './xp.ts';

/** Max lead that a better accuracy makes up; a larger one takes a solved problem. */
const MAX_BONUS = 150;

/** Step: a player overtakes the next one in the live contest by a better accuracy. The leaderboard publishes it. */
export async function rankChange(tx: Transaction, world: World): Promise<NewEvent[]> {
  const places = await readPlaces(tx, world.contestId);
  const chances = places.flatMap((place) => {
    const ahead = places.findLast(({ rank }) => rank < place.rank);
    const gap = ahead === undefined ? undefined : ahead.rating - place.rating;
    return gap === undefined || gap > MAX_BONUS ? [] : [{ place, gap }];
  });
  const chance = pick(chances, world.random);
  if (!chance) return newRound(tx, world);
  const score = await lockScore(tx, world.contestId, chance.place.playerId);
  if (!score) return [];
  // At least a quarter of a point: at equal ratings the time of the last solve would decide.
  const bonus = chance.gap + Math.ceil(world.random() * 20) / 4;
  const accuracyScore = Math.round((score.accuracyScore + bonus) * 100) / 100;
  await writeScore(tx, world, { ...score, accuracyScore }, false);
  return [];
}

/** Step: a player solves the next problem of the live contest. When all problems are solved by all, a round begins. */
export async function problemSolved(tx: Transaction, world: World): Promise<NewEvent[]> {
  const { contestId, contestTitle, random } = world;
  const players = await lockPlayers(tx);
  const problems = await contestProblems(tx, contestId);
  const places = await readPlaces(tx, contestId);
  const chances = [];
  for (const player of players.filter(({ playerId }) =>
    places.some((place) => place.playerId === playerId),
  )) {
    const score = await lockScore(tx, contestId, player.playerId);
    const problem = score && problemInTurn(problems, player.index, score.problemsSolved);
    if (score && problem) chances.push({ player, score, problem });
  }
  const chance = pick(chances, random);
  if (!chance) return problems.length === 0 ? [] : newRound(tx, world);

  const { player, score, problem } = chance;
  const { playerId, playerName } = player;
  const { id: problemId, title: problemTitle, points, difficulty } = problem;
  const solved = {
    ...score,
    rawScore: score.rawScore + points,
    penaltyMins: score.penaltyMins + Math.floor(random() * 6),
    problemsSolved: score.problemsSolved + 1,
  };
  await writeScore(tx, world, solved, true);
  const levels = await grantXp(tx, world, player, points);
  return [
    {
      type: 'PROBLEM_SOLVED',
      data: { playerId, playerName, problemId, problemTitle, contestId, contestTitle, points, difficulty },
    },
    ...levels,
  ];
}

async function newRound(tx: Transaction, { contestId, contestTitle, clock }: World): Promise<NewEvent[]> {
  await startOver(tx, clock, contestId);
  return [
    {
      type: 'ANNOUNCEMENT',
      data: {
        contestId,
        title: 'The next round',
        message: `A new round of ${contestTitle} begins: the scores start over.`,
        severity: 'SUCCESS',
      },
    },
  ];
}

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LogPublisher } from '../../src/events/log-publisher.ts';
import { createCells } from '../../src/leaderboard/cells/cells-publisher.ts';
import { readStoredCells } from '../../src/leaderboard/cells/cells-rows.ts';
import { ContestReveals } from '../../src/leaderboard/reveal/contest-reveals.ts';
import { SERVER_CLOCK } from '../../src/platform/clock.ts';
import { installTriggers } from '../../src/platform/triggers/install.ts';
import type { Cell } from '../../src/protocol/cells.ts';
import { createProblem, createSubmission, setFrozen, setScore } from '../support/database/platform.ts';
import { type LeaderboardFixture, openLeaderboards } from './fixture.ts';

let test: LeaderboardFixture;
beforeAll(async () => {
  test = await openLeaderboards();
  await installTriggers(test.database);
});
afterAll(async () => {
  await test.drop();
});

/** @param before runs once, before the next append of a step or the opening */
function revealsOf(before?: () => Promise<void>): ContestReveals {
  let work = before;
  const publishUnits: LogPublisher['publishUnits'] = async (units) => {
    const once = work;
    work = undefined;
    await once?.();
    return test.publisher.publishUnits(units);
  };
  return new ContestReveals({ ...test.options(), publisher: { publishUnits } });
}

interface Standing {
  /** Of all players, as shown. */
  readonly ratings?: readonly number[];
  /** Further changes that the freeze hides: place and rating. */
  readonly gains?: readonly (readonly [place: number, rating: number])[];
}

/** A contest that ended while it was frozen; the second and third players have a hidden submission, and the second gained 200. */
async function frozenContest({ ratings = [300, 200, 100], gains = [] }: Standing = {}) {
  const { database } = test;
  const { contestId, playerIds } = await test.contestOf(ratings);
  const problems = [await createProblem(database), await createProblem(database)] as const;
  await database.execute('UPDATE contest SET problems = ? WHERE id = ?', [
    JSON.stringify(problems),
    contestId,
  ]);
  const submit = (place: number, problem: 0 | 1, verdict: string, minutesAgo = 0) =>
    createSubmission(database, {
      contestId,
      playerId: playerIds[place] as number,
      problemId: problems[problem],
      verdict,
      points: 100,
      minutesAgo,
    });
  const early = await submit(1, 1, 'ACCEPTED', 10);
  await createCells({ database, clock: SERVER_CLOCK }, contestId, 'shown');
  const publisher = await test.load(contestId);
  await publisher.update('all');
  await setFrozen(database, contestId, true);
  await submit(1, 0, 'ACCEPTED');
  await submit(2, 0, 'WRONG_ANSWER');
  await setScore(database, contestId, playerIds[1] as number, 400);
  for (const [place, rating] of gains)
    await setScore(database, contestId, playerIds[place] as number, rating);
  await publisher.update('all');
  await database.execute("UPDATE contest SET status = 'ENDED' WHERE id = ?", [contestId]);
  await revealsOf().open(contestId);
  return { contestId, playerIds: playerIds as [number, number, number, number], problems, early, submit };
}

const stepsOf = (contestId: number) =>
  test.rows.filter(
    ({ type, data }) => type === 'CONTEST_REVEAL_STEP' && JSON.parse(data).contestId === contestId,
  );
const ratings = async (contestId: number, seesReal = false) =>
  (await test.reader.read(contestId, seesReal))?.rows.map(({ finalRating }) => finalRating);

describe('A step of a reveal', () => {
  it('reveals one total after another where triggers hold what was shown, and the last ends the freeze', async () => {
    const { contestId, playerIds } = await frozenContest();
    const reveals = revealsOf();
    expect(await reveals.take(contestId, 1, 'cell')).toMatchObject({ playerId: playerIds[2], settled: true });
    expect(await ratings(contestId)).toEqual([300, 200, 100]);
    expect(await reveals.take(contestId, 2, 'cell')).toMatchObject({
      playerId: playerIds[1],
      row: { rank: 1, finalRating: 400 },
      finished: true,
    });
    await (await test.load(contestId)).update('all');
    expect(await ratings(contestId)).toEqual([400, 300, 100]);
    expect(await ratings(contestId, true)).toEqual([400, 300, 100]);
  });

  it('is not taken once the standings were unfrozen, though it was computed before', async () => {
    const { contestId } = await frozenContest();
    const reveals = revealsOf(() => setFrozen(test.database, contestId, false));
    await expect(reveals.take(contestId, 1, 'cell')).rejects.toMatchObject({ code: 'reveal-not-open' });
    expect(stepsOf(contestId)).toEqual([]);
  });

  it('is computed again where the leaderboard changes meanwhile, though it moves no row', async () => {
    const { contestId, playerIds } = await frozenContest();
    const reveals = revealsOf(async () => {
      await test.database.execute('DELETE FROM contest_participant WHERE contest_id = ? AND player_id = ?', [
        contestId,
        playerIds[1],
      ]);
      await (await test.load(contestId)).update('all');
    });
    const step = await reveals.take(contestId, 1, 'cell');
    expect(step).toMatchObject({ playerId: playerIds[2], row: { rank: 2 }, oldRank: 2, pending: 0 });
    expect(step.next).toBeUndefined();
  });

  it('says of what comes next only what is shown, though totals change before and after it', async () => {
    const { contestId, playerIds, problems } = await frozenContest({
      ratings: [300, 200, 100, 50],
      gains: [
        [0, 500],
        [3, 60],
      ],
    });
    const reveals = revealsOf();
    const cellOf = (place: 1 | 2) => ({ playerId: playerIds[place], problemId: problems[0] });
    expect((await reveals.read(contestId)).last).toMatchObject({ pending: 2, next: cellOf(2) });
    const steps = [];
    for (let step = 1; step <= 4; step++) steps.push(await reveals.take(contestId, step, 'cell'));
    expect(steps.map(({ playerId, pending, next, finished }) => [playerId, pending, next, finished])).toEqual(
      [
        [playerIds[3], 2, cellOf(2), false],
        [playerIds[2], 1, cellOf(1), false],
        [playerIds[1], 0, undefined, false],
        [playerIds[0], 0, undefined, true],
      ],
    );
  });

  it('is refused while the contest goes on again', async () => {
    const { contestId } = await frozenContest();
    await test.database.execute("UPDATE contest SET status = 'LIVE' WHERE id = ?", [contestId]);
    await expect(revealsOf().take(contestId, 1, 'all')).rejects.toMatchObject({
      code: 'reveal-not-possible',
    });
    expect(stepsOf(contestId)).toEqual([]);
    await test.database.execute("UPDATE contest SET status = 'ENDED' WHERE id = ?", [contestId]);
    expect(await revealsOf().take(contestId, 1, 'all')).toMatchObject({ finished: true });
  });

  it('that reveals a total opens also the cells that became hidden since, and none stays pending', async () => {
    const { contestId, playerIds, problems, early, submit } = await frozenContest();
    // The solve from before the freeze is taken back: of later submissions to its problem nothing was shown until then.
    await submit(1, 1, 'ACCEPTED');
    await test.database.execute("UPDATE submission SET verdict = 'WRONG_ANSWER' WHERE id = ?", [early]);
    const reveals = revealsOf();
    await reveals.take(contestId, 1, 'cell');
    const step = await reveals.take(contestId, 2, 'cell');
    expect(step).toMatchObject({ playerId: playerIds[1], settled: true });
    expect(step.cells.map(({ problemId, attempts }) => [problemId, attempts])).toEqual([
      [problems[0], 1],
      [problems[1], 2],
    ]);
    const stored = await readStoredCells(test.database, contestId, 'shown', new Set([playerIds[1]]));
    const cells = JSON.parse(stored?.rows.get(playerIds[1]) ?? '[]') as Cell[];
    expect(cells.filter(({ pending }) => pending !== undefined)).toEqual([]);
  });
});

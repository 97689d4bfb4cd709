import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../src/db/database.ts';
import { LeaderboardTask, type LeaderboardTaskOptions } from '../../src/leaderboard/leaderboard-task.ts';
import { withGaps } from '../support/database/gaps.ts';
import { setScore } from '../support/database/platform.ts';
import { lockRows } from '../support/database/row-lock.ts';
import { until } from '../support/until.ts';
import { type LeaderboardFixture, openLeaderboards } from './fixture.ts';

describe('The leaderboard task', () => {
  let test: LeaderboardFixture;
  let stop: () => Promise<void> = async () => {};
  beforeAll(async () => {
    test = await openLeaderboards();
  });
  afterEach(() => stop());
  afterAll(() => test.drop());

  /** A running task that polls once, at its start, and never again. */
  function start(database: Database, options: Partial<LeaderboardTaskOptions> = {}): LeaderboardTask {
    const task = new LeaderboardTask({
      ...test.options(2, database),
      intervalMs: 5,
      checkMs: 3_600_000,
      rankWindowMs: 5,
      ...options,
    });
    const over = new AbortController();
    const running = task.run(over.signal);
    stop = () => {
      over.abort();
      return running;
    };
    return task;
  }

  const ratings = async (contestId: number) =>
    (await test.reader.read(contestId, false))?.rows.map(({ finalRating }) => finalRating);

  it('publishes scores that become dirty while their contest is updated', async () => {
    const { contestId, playerIds } = await test.contestOf([30, 20]);
    const [first, second] = playerIds as [number, number];
    await test.load(contestId);
    let inGap: (() => Promise<void>) | undefined;
    const task = start(
      withGaps(test.database, async () => {
        const run = inGap;
        inGap = undefined;
        await run?.();
      }),
    );
    await setScore(test.database, contestId, first, 40);
    task.markDirty(contestId, first);
    await until(async () => (await ratings(contestId))?.[0] === 40);

    // The score is written and reported between the read of the first player's score and the end of the update.
    inGap = async () => {
      await setScore(test.database, contestId, second, 60);
      task.markDirty(contestId, second);
    };
    await setScore(test.database, contestId, first, 50);
    task.markDirty(contestId, first);
    await until(async () => (await ratings(contestId))?.join() === '60,50');
  });

  it('updates a contest again after an error, whatever was dirty', async () => {
    const { contestId, playerIds } = await test.contestOf([30, 20]);
    await test.load(contestId);
    const errors: unknown[] = [];
    let failing = false;
    const database = withGaps(test.database, async () => {
      if (!failing) return;
      failing = false;
      throw new Error('connection lost');
    });
    const task = start(database, { onError: (error) => errors.push(error) });
    await setScore(test.database, contestId, playerIds[0] as number, 40);
    task.markDirty(contestId, playerIds[0]);
    await until(async () => (await ratings(contestId))?.[0] === 40);

    failing = true;
    await setScore(test.database, contestId, playerIds[1] as number, 70);
    task.markDirty(contestId, playerIds[1]);
    await until(async () => (await ratings(contestId))?.[0] === 70);
    expect(errors).toEqual([new Error('connection lost')]);
  });

  it.each([
    ['head', 'standings_board WHERE contest_id = #'],
    ['row', 'standings_row WHERE contest_id = #'],
  ])('a locked %s of one leaderboard delays that leaderboard alone', async (_, rows) => {
    const [held, free] = [await test.contestOf([30]), await test.contestOf([30])];
    for (const { contestId } of [held, free]) await test.load(contestId);
    const task = start(test.database);
    const scored = async ({ contestId, playerIds }: typeof held, rating: number) => {
      await setScore(test.database, contestId, playerIds[0] as number, rating);
      task.markDirty(contestId, playerIds[0]);
    };
    const unlock = await lockRows(test.url, rows.replace('#', String(held.contestId)));
    await scored(held, 40);
    for (const rating of [50, 60, 70]) {
      await scored(free, rating);
      await until(async () => (await ratings(free.contestId))?.[0] === rating);
    }
    expect(await ratings(held.contestId)).toEqual([30]);
    await unlock();
    await until(async () => (await ratings(held.contestId))?.[0] === 40);
  });

  it('ignores what is reported while another node runs it', async () => {
    const { contestId, playerIds } = await test.contestOf([30]);
    const task = new LeaderboardTask({ ...test.options(), intervalMs: 5, checkMs: 5, rankWindowMs: 5 });
    await test.load(contestId);
    await setScore(test.database, contestId, playerIds[0] as number, 40);
    task.markDirty(contestId, playerIds[0]);
    expect(await ratings(contestId)).toEqual([30]);
  });
});

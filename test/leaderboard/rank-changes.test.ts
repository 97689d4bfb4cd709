import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createContest, createPlayer, joinContest } from '../support/platform.ts';
import { setFrozen, setScore } from '../support/standings.ts';
import { type Keeping, startKeeping } from './fixture.ts';

describe('Rank changes', () => {
  let test: Keeping;
  beforeAll(async () => {
    test = await startKeeping();
  });
  afterAll(() => test.drop());

  /** A live contest whose players have these ratings, their board kept by hand. */
  async function contestOf(ratings: readonly number[], top = 2) {
    const { database } = test;
    const contestId = await createContest(database);
    const ids: number[] = [];
    for (const finalRating of ratings) {
      const { playerId } = await createPlayer(database);
      ids.push(playerId);
      const scored = finalRating > 0 ? { problemsSolved: 1, lastSolvedAt: '2026-01-01 00:00:00' } : {};
      await joinContest(database, { contestId, playerId, finalRating, ...scored });
    }
    const load = () => test.load(contestId, top);
    return {
      contestId,
      load,
      keeper: await load(),
      score: (index: number, rating: number) => setScore(database, contestId, ids[index] as number, rating),
      freeze: (frozen: boolean) => setFrozen(database, contestId, frozen),
      /** Of everything told so far, in order: whose, by the place in `ratings`, from which rank to which. */
      async told(scope = `contest:${contestId}`) {
        const rows = await database.query<{ data: string }>(
          "SELECT data FROM notification WHERE type = 'RANK_CHANGE' AND scope = ? ORDER BY id",
          [scope],
        );
        return rows
          .map(({ data }) => JSON.parse(data))
          .map(({ playerId, oldRank, newRank }) => [ids.indexOf(playerId), oldRank, newRank]);
      },
    };
  }

  it('are told to who moved, and to those overtaken within the first ranks, once a burst', async () => {
    const { keeper, score, told } = await contestOf([50, 40, 30, 20, 10]);
    for (const rating of [15, 25, 45, 35, 60]) {
      await score(4, rating);
      await keeper.update('all');
    }
    expect(await told()).toEqual([]);
    await keeper.tellRanks();
    // The third and the fourth were overtaken, too, but beyond the first two ranks.
    expect((await told()).sort()).toEqual([
      [0, 1, 2],
      [1, 2, 3],
      [4, 5, 1],
    ]);
    await keeper.tellRanks();
    expect(await told()).toHaveLength(3);
  });

  it('go to who moved alone where that is what was asked for', async () => {
    const { keeper, score, told } = await contestOf([50, 40, 30], 0);
    await score(2, 60);
    await keeper.update('all');
    await keeper.tellRanks();
    expect(await told()).toEqual([[2, 3, 1]]);
  });

  it('begin with none at the first score, and do not tell those without one that they were overtaken', async () => {
    const { keeper, score, told } = await contestOf([0, 0, 0]);
    await score(1, 10);
    await keeper.update('all');
    await keeper.tellRanks();
    expect(await told()).toEqual([[1, null, 1]]);
  });

  it('are not told where all ends as it began', async () => {
    const { keeper, load, score, told } = await contestOf([30, 20]);
    for (const rating of [40, 20]) {
      await score(1, rating);
      await keeper.update('all');
    }
    await keeper.tellRanks();
    expect(await told()).toEqual([]);
    expect((await load()).teller.waiting.size).toBe(0);
  });

  it('are told of live contests alone', async () => {
    const { contestId, keeper, score, told } = await contestOf([30, 20]);
    await test.database.execute("UPDATE contest SET status = 'ENDED' WHERE id = ?", [contestId]);
    await score(1, 40);
    await keeper.update('all');
    await keeper.tellRanks();
    expect(await told()).toEqual([]);
  });

  it('wait while standings are frozen, and are told once after it, from the rank at the freeze', async () => {
    const { contestId, keeper, score, freeze, told } = await contestOf([50, 40, 30, 20]);
    await freeze(true);
    for (const rating of [45, 60]) {
      await score(3, rating);
      await keeper.update('all');
      await keeper.tellRanks();
    }
    expect(await told()).toEqual([]);
    expect(await told(`contest:${contestId}:leaderboard:real`)).toEqual([]);
    await freeze(false);
    await keeper.update('all');
    await keeper.tellRanks();
    expect((await told()).sort()).toEqual([
      [0, 1, 2],
      [1, 2, 3],
      [3, 4, 1],
    ]);
  });

  it('that wait when standings are frozen are told after it, from where they began', async () => {
    const { keeper, score, freeze, told } = await contestOf([30, 20, 10]);
    await score(2, 25);
    await keeper.update('all');
    await freeze(true);
    await keeper.tellRanks();
    expect(await told()).toEqual([]);
    await score(2, 40);
    await keeper.update('all');
    await freeze(false);
    await keeper.update('all');
    await keeper.tellRanks();
    expect((await told()).sort()).toEqual([
      [0, 1, 2],
      [1, 2, 3],
      [2, 3, 1],
    ]);
  });

  it('that wait are told by whoever keeps the standings next, and not again by who did before', async () => {
    const { keeper, load, score, told } = await contestOf([30, 20]);
    await score(1, 40);
    await keeper.update('all');
    const next = await load();
    await score(0, 50);
    await next.update('all');
    await next.tellRanks();
    await score(1, 60);
    await expect(keeper.update('all')).rejects.toMatchObject({ code: 'superseded' });
    await expect(keeper.tellRanks()).rejects.toMatchObject({ code: 'superseded' });
    // Both moves of the first burst led back to where they began.
    expect(await told()).toEqual([]);
    const third = await load();
    await third.update('all');
    await third.tellRanks();
    expect((await told()).sort()).toEqual([
      [0, 1, 2],
      [1, 2, 1],
    ]);
  });
});

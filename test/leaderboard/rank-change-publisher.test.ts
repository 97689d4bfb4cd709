import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setFrozen, setScore } from '../support/database/platform.ts';
import { type LeaderboardFixture, openLeaderboards } from './fixture.ts';

describe('The rank change publisher', () => {
  let test: LeaderboardFixture;
  beforeAll(async () => {
    test = await openLeaderboards();
  });
  afterAll(() => test.drop());

  /** A live contest whose leaderboard is published by hand. */
  async function contestOf(ratings: readonly number[], top = 2) {
    const { database } = test;
    const { contestId, playerIds } = await test.contestOf(ratings);
    const load = () => test.load(contestId, top);
    return {
      contestId,
      load,
      publisher: await load(),
      score: (index: number, rating: number) =>
        setScore(database, contestId, playerIds[index] as number, rating),
      freeze: (frozen: boolean) => setFrozen(database, contestId, frozen),
      /** All published rank changes, in order: index in `ratings`, old and new rank. */
      async published(scope = `contest:${contestId}`) {
        const rows = await database.query<{ data: string }>(
          "SELECT data FROM notification WHERE type = 'RANK_CHANGE' AND scope = ? ORDER BY id",
          [scope],
        );
        return rows
          .map(({ data }) => JSON.parse(data))
          .map(({ playerId, oldRank, newRank }) => [playerIds.indexOf(playerId), oldRank, newRank]);
      },
    };
  }

  it('notifies players who moved, and those overtaken within the first ranks, once per burst', async () => {
    const { publisher, score, published } = await contestOf([50, 40, 30, 20, 10]);
    for (const rating of [15, 25, 45, 35, 60]) {
      await score(4, rating);
      await publisher.update('all');
    }
    expect(await published()).toEqual([]);
    await publisher.publishRankChanges();
    // The third and the fourth were overtaken, too, but below the first two ranks.
    expect((await published()).sort()).toEqual([
      [0, 1, 2],
      [1, 2, 3],
      [4, 5, 1],
    ]);
    await publisher.publishRankChanges();
    expect(await published()).toHaveLength(3);
  });

  it('notifies only players who moved where `top` is 0', async () => {
    const { publisher, score, published } = await contestOf([50, 40, 30], 0);
    await score(2, 60);
    await publisher.update('all');
    await publisher.publishRankChanges();
    expect(await published()).toEqual([[2, 3, 1]]);
  });

  it('has no old rank at the first score, and no notification for overtaken players without a score', async () => {
    const { publisher, score, published } = await contestOf([0, 0, 0]);
    await score(1, 10);
    await publisher.update('all');
    await publisher.publishRankChanges();
    expect(await published()).toEqual([[1, null, 1]]);
  });

  it('publishes nothing when a burst ends at the ranks where it began', async () => {
    const { publisher, load, score, published } = await contestOf([30, 20]);
    for (const rating of [40, 20]) {
      await score(1, rating);
      await publisher.update('all');
    }
    await publisher.publishRankChanges();
    expect(await published()).toEqual([]);
    expect((await load()).rankChanges.pending.size).toBe(0);
  });

  it('publishes nothing of contests that are not live', async () => {
    const { contestId, publisher, score, published } = await contestOf([30, 20]);
    await test.database.execute("UPDATE contest SET status = 'ENDED' WHERE id = ?", [contestId]);
    await score(1, 40);
    await publisher.update('all');
    await publisher.publishRankChanges();
    expect(await published()).toEqual([]);
  });

  it('publishes nothing during a freeze, and the change since the freeze once after it', async () => {
    const { contestId, publisher, score, freeze, published } = await contestOf([50, 40, 30, 20]);
    await freeze(true);
    for (const rating of [45, 60]) {
      await score(3, rating);
      await publisher.update('all');
      await publisher.publishRankChanges();
    }
    expect(await published()).toEqual([]);
    expect(await published(`contest:${contestId}:leaderboard:real`)).toEqual([]);
    await freeze(false);
    await publisher.update('all');
    await publisher.publishRankChanges();
    expect((await published()).sort()).toEqual([
      [0, 1, 2],
      [1, 2, 3],
      [3, 4, 1],
    ]);
  });

  it('publishes what was pending at a freeze with it, and what moved since then after it', async () => {
    const { publisher, score, freeze, published } = await contestOf([30, 20, 10]);
    await score(2, 25);
    await publisher.update('all');
    await freeze(true);
    await publisher.publishRankChanges();
    expect(await published()).toEqual([]);
    await score(2, 40);
    await publisher.update('all');
    const before = [
      [1, 2, 3],
      [2, 3, 2],
    ];
    expect((await published()).sort()).toEqual(before);
    await freeze(false);
    await publisher.update('all');
    await publisher.publishRankChanges();
    expect((await published()).sort()).toEqual([[0, 1, 2], before[0], [2, 2, 1], before[1]]);
  });

  it('leaves pending changes to the next leader, and does not repeat them', async () => {
    const { publisher, load, score, published } = await contestOf([30, 20]);
    await score(1, 40);
    await publisher.update('all');
    const next = await load();
    await score(0, 50);
    await next.update('all');
    await next.publishRankChanges();
    await score(1, 60);
    await expect(publisher.update('all')).rejects.toMatchObject({ code: 'superseded' });
    await expect(publisher.publishRankChanges()).rejects.toMatchObject({ code: 'superseded' });
    // Both players are back at the ranks where the first burst began.
    expect(await published()).toEqual([]);
    const third = await load();
    await third.update('all');
    await third.publishRankChanges();
    expect((await published()).sort()).toEqual([
      [0, 1, 2],
      [1, 2, 1],
    ]);
  });

  it('notifies players of a tie that another one breaks, and begins at that rank later', async () => {
    const { publisher, score, published } = await contestOf([30, 30, 10]);
    await score(0, 40);
    await publisher.update('all');
    await publisher.publishRankChanges();
    expect(await published()).toEqual([[1, 1, 2]]);
    await score(1, 50);
    await publisher.update('all');
    await publisher.publishRankChanges();
    expect((await published()).slice(1).sort()).toEqual([
      [0, 1, 2],
      [1, 2, 1],
    ]);
  });

  it('begins each report where the last one of the player ended', async () => {
    const action = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.tuple(fc.constant('score' as const), fc.nat(5), fc.constantFrom(0, 10, 20, 30, 40)),
      },
      {
        weight: 4,
        arbitrary: fc.tuple(
          fc.constantFrom('publish' as const, 'freeze' as const, 'thaw' as const, 'load' as const),
        ),
      },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(action, { minLength: 10, maxLength: 30 }),
        fc.nat(3),
        async (actions, top) => {
          const { load, score, freeze, published } = await contestOf([40, 30, 30, 20, 10, 0], top);
          let publisher = await load();
          for (const [kind, index, rating] of [...actions, ['thaw'] as const, ['publish'] as const]) {
            if (kind === 'score') await score(index as number, rating as number);
            if (kind === 'freeze' || kind === 'thaw') await freeze(kind === 'freeze');
            if (kind === 'load') publisher = await load();
            await publisher.update('all');
            if (kind === 'publish') await publisher.publishRankChanges();
          }
          const last = new Map<number, number>();
          for (const [player, oldRank, newRank] of await published()) {
            if (last.has(player)) expect([player, oldRank]).toEqual([player, last.get(player)]);
            expect(newRank).not.toBe(oldRank);
            last.set(player, newRank);
          }
        },
      ),
      { numRuns: 15 },
    );
  }, 120_000);
});

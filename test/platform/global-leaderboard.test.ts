import { describe, expect, it } from 'vitest';
import { readGlobalLeaderboard } from '../../src/platform/global-leaderboard.ts';
import { prepareDatabase } from '../support/database/database.ts';
import { createPlayer } from '../support/database/platform.ts';

describe('The global leaderboard', () => {
  const test = prepareDatabase();

  it('shares a rank among equal XP, on every page', async () => {
    const xps = [900_500, 900_400, 900_400, 900_400, 900_300];
    for (const xp of xps) await createPlayer(test.database, { xp });
    const whole = await readGlobalLeaderboard(test.database, { limit: 5, offset: 0 });
    expect(whole.map(({ rank, xp }) => [rank, xp])).toEqual(
      [1, 2, 2, 2, 5].map((rank, index) => [rank, xps[index]]),
    );
    for (let offset = 1; offset < 5; offset++)
      expect(await readGlobalLeaderboard(test.database, { limit: 5 - offset, offset })).toEqual(
        whole.slice(offset),
      );
    expect(await readGlobalLeaderboard(test.database, { limit: 5, offset: 1_000_000 })).toEqual([]);
  });

  it('has active players alone, and values that can be shown', async () => {
    const { database } = test;
    const top = await createPlayer(database, { xp: 800_000_000 });
    for (const status of ['BANNED', 'SUSPENDED', 'DORMANT'] as const)
      await createPlayer(database, { xp: 900_000_000, status });
    const { userId } = await createPlayer(database);
    await database.execute('UPDATE player SET id = 9007199254740993, xp = 900000000 WHERE user_id = ?', [
      userId,
    ]);
    const second = await createPlayer(database, { xp: 700_000_000 });
    const page = (offset: number) => readGlobalLeaderboard(database, { limit: 1, offset });
    expect([...(await page(0)), ...(await page(1))]).toMatchObject([
      { playerId: top.playerId, rank: 1 },
      { playerId: second.playerId, rank: 2 },
    ]);
    await database.execute("UPDATE users SET status = 'BANNED' WHERE id = ?", [top.userId]);
    expect(await page(0)).toMatchObject([{ playerId: second.playerId, rank: 1 }]);
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readGlobalLeaderboard } from '../../src/platform/global-leaderboard.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createPlayer } from '../support/platform.ts';

describe('The global leaderboard', () => {
  let test: TestDatabase;
  beforeAll(async () => {
    test = await createTestDatabase();
  });
  afterAll(() => test.drop());

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
});

import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import { loadConfig } from '../../src/config/config.ts';
import { createService } from '../../src/service/service.ts';
import { shapeOf, truthOf } from '../leaderboard/fixture.ts';
import { LeaderboardClient } from '../support/client/leaderboard-client.ts';
import { createTestDatabase } from '../support/database/database.ts';
import { startDatabaseProxy } from '../support/database/database-proxy.ts';
import { createContest, createPlayers, joinContest, setScore } from '../support/database/platform.ts';
import { environment, startServiceOn } from '../support/service.ts';
import { until } from '../support/until.ts';
import { FAST, readWhole } from '../support/wire/leaderboard-http.ts';

const SETTINGS = { ...FAST, RANK_CHANGE_TOP: '1000', STANDINGS_INTERVAL_MS: '50' };

/** How long the next leader may take to publish, on a busy machine. */
const PATIENCE_MS = 45_000;

/** Pseudo-random numbers, the same in each run (Park and Miller's generator). */
function sequence(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

it('When the node that publishes the leaderboards is cut off, another goes on: nothing is missed, and each rank change is published once', async () => {
  const test = await createTestDatabase();
  const { database } = test;
  const proxy = await startDatabaseProxy(test.url);
  const first = await createService(loadConfig(environment(proxy.url, SETTINGS)), pino({ level: 'silent' }));
  const firstUrl = `http://127.0.0.1:${await first.listen()}`;
  const contestId = await createContest(database);
  const players = await createPlayers(database, 30);
  for (const { playerId } of players) await joinContest(database, { contestId, playerId });
  // It is the leader before there is another.
  await until(
    async () => (await database.query('SELECT version FROM standings_board WHERE contest_id > 0')).length > 0,
  );
  const second = await startServiceOn(test, SETTINGS);
  onTestFinished(async () => {
    await proxy.restore();
    await first.close();
    await proxy.close();
    await second.close();
  });
  const token = await second.token((players[0] as { userId: number }).userId);
  const path = `/streams?scope=contest:${contestId}&scope=contest:${contestId}:leaderboard`;
  const moving = new LeaderboardClient(second.url + path, token);
  const staying = new LeaderboardClient(second.url + path, token);
  await moving.connect(firstUrl + path);
  await staying.connect();
  await until(() => staying.rows.length === 30);

  const random = sequence(7);
  const ratings = new Map<number, number>();
  for (let change = 0; change < 400; change++) {
    const { playerId } = players[random(players.length)] as { playerId: number };
    ratings.set(playerId, (ratings.get(playerId) ?? 0) + 1 + random(40));
    await setScore(database, contestId, playerId, ratings.get(playerId) ?? 0, null);
    if (change === 150) {
      await until(() => moving.of('leaderboard-update').length > 0);
      await proxy.cut();
      await moving.connect();
    }
  }
  const expected = await truthOf(database, contestId);
  for (const client of [staying, moving])
    await until(() => JSON.stringify(shapeOf(client.rows)) === JSON.stringify(expected), PATIENCE_MS);
  expect(staying.rows).toEqual(await readWhole(second, contestId, token));
  expect([staying.missed, moving.missed]).toEqual([0, 0]);

  // Ranks get worse only by being overtaken here, so each move begins where the one before ended.
  const lastPublished = () => {
    const ranks = new Map<number, number>();
    for (const data of staying.of('rank-change')) {
      const { playerId, oldRank, newRank } = data as {
        playerId: number;
        oldRank: number | null;
        newRank: number;
      };
      expect(oldRank).toBe(ranks.get(playerId) ?? null);
      ranks.set(playerId, newRank);
    }
    return ranks;
  };
  await until(
    () =>
      staying.rows.every(
        ({ playerId, rank, finalRating }) => finalRating === 0 || lastPublished().get(playerId) === rank,
      ),
    PATIENCE_MS,
  );
}, 120_000);

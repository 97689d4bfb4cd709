import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GlobalLeaderboardTask } from '../../src/leaderboard/global-leaderboard-task.ts';
import { createPlayer } from '../support/database/platform.ts';
import { type LeaderboardFixture, openLeaderboards } from './fixture.ts';

describe('The global leaderboard task', () => {
  let test: LeaderboardFixture;
  beforeAll(async () => {
    test = await openLeaderboards();
  });
  afterAll(() => test.drop());

  it('publishes each change once, whichever node polls', async () => {
    const { database, publisher, rows } = test;
    const players = await Promise.all([300, 200, 100].map((xp) => createPlayer(database, { xp })));
    const published = () => rows.map(({ data }) => JSON.parse(data));
    const node = () => new GlobalLeaderboardTask({ database, publisher });
    const first = node();
    await first.run();
    await first.run();
    expect(published()).toEqual([]);
    await database.execute('UPDATE player SET xp = 400 WHERE id = ?', [players[2]?.playerId]);
    await first.run();
    await node().run();
    expect(published()).toHaveLength(1);
    expect(published()[0]).toMatchObject({
      version: 1,
      top: [
        { playerId: players[2]?.playerId, rank: 1, xp: 400 },
        { rank: 2, xp: 300 },
        { rank: 3, xp: 200 },
      ],
    });
    const second = node();
    await database.execute('UPDATE player SET xp = 350 WHERE id = ?', [players[1]?.playerId]);
    await second.run();
    await database.execute('UPDATE player SET xp = 360 WHERE id = ?', [players[1]?.playerId]);
    await expect(first.run()).rejects.toMatchObject({ code: 'superseded' });
    await first.run();
    expect(published().map(({ version }) => version)).toEqual([1, 2, 3]);
  });

  it('publishes whatever the platform’s columns hold', async () => {
    const { database, publisher, rows } = test;
    await database.execute('DELETE FROM users');
    await database.execute(`ALTER TABLE player MODIFY xp DECIMAL(20,2), MODIFY level INT, MODIFY tier VARCHAR(20),
      MODIFY sub_rank VARCHAR(60)`);
    const node = new GlobalLeaderboardTask({ database, publisher });
    await node.run();
    const odd = await createPlayer(database, { name: '', xp: 900 });
    const none = await createPlayer(database, { name: 'Nobody', xp: 800 });
    await database.execute(
      "UPDATE player SET xp = 900.5, level = 0, tier = 'PLATINUM', sub_rank = REPEAT('x', 60) WHERE id = ?",
      [odd.playerId],
    );
    await database.execute(
      'UPDATE player SET xp = NULL, level = NULL, tier = NULL, sub_rank = NULL WHERE id = ?',
      [none.playerId],
    );
    await node.run();
    expect(JSON.parse(rows.at(-1)?.data ?? '').top).toEqual([
      {
        playerId: odd.playerId,
        playerName: `Player ${odd.playerId}`,
        rank: 1,
        xp: 900,
        level: 1,
        subRank: `${'x'.repeat(20)}`,
      },
      { playerId: none.playerId, playerName: 'Nobody', rank: 2, xp: 0, level: 1, subRank: '' },
    ]);
  });
});

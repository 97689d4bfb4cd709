import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ScorePoller } from '../../src/leaderboard/score-poller.ts';
import { createContest, createPlayer, joinContest, setScore } from '../support/database/platform.ts';
import { type LeaderboardFixture, openLeaderboards } from './fixture.ts';

describe('The score poller', () => {
  let test: LeaderboardFixture;
  beforeAll(async () => {
    test = await openLeaderboards();
  });
  afterAll(() => test.drop());

  it('finds whose score changed, in whichever field, and who joined or left', async () => {
    const { database } = test;
    const contestId = await createContest(database);
    const ended = await createContest(database, { status: 'ENDED' });
    const players = await Promise.all([1, 2, 3, 4].map(() => createPlayer(database)));
    for (const { playerId } of players.slice(0, 3)) await joinContest(database, { contestId, playerId });
    const [ada, bob, cleo, dan] = players.map(({ playerId }) => playerId) as [number, number, number, number];
    const dirty: unknown[] = [];
    const poller = new ScorePoller(database, (id, playerId) => dirty.push([id, playerId]));
    const poll = async () => {
      dirty.length = 0;
      await poller.poll();
      return [...dirty];
    };
    expect(await poll()).toEqual([[contestId, undefined]]);
    expect(await poll()).toEqual([]);
    await setScore(database, contestId, ada, 5);
    expect(await poll()).toEqual([[contestId, undefined]]);
    const changes: [string, unknown[], number][] = [
      ['UPDATE contest_participant SET final_rating = final_rating + 0.01 WHERE player_id = ?', [bob], bob],
      ['UPDATE contest_participant SET last_solved_at = NULL WHERE player_id = ?', [ada], ada],
      ["UPDATE contest_participant SET mode = 'LEGEND' WHERE player_id = ?", [cleo], cleo],
      ["UPDATE player SET tier = 'GOLD' WHERE id = ?", [bob], bob],
      ["UPDATE users SET name = 'Ada' WHERE id = ?", [players[0]?.userId], ada],
      ["UPDATE users SET profile_picture = 'a.png' WHERE id = ?", [players[2]?.userId], cleo],
      ['DELETE FROM contest_participant WHERE player_id = ?', [bob], bob],
      ['INSERT INTO contest_participant (contest_id, player_id) VALUES (?, ?)', [contestId, dan], dan],
    ];
    for (const [sql, values, playerId] of changes) {
      await database.execute(sql, values);
      expect(await poll()).toEqual([[contestId, playerId]]);
    }
    expect(await poll()).toEqual([]);
    // A contest that is over is polled for a while after its last change.
    await test.load(ended);
    expect(await poll()).toEqual([[ended, undefined]]);
    await database.execute('UPDATE standings_board SET changed_at = changed_at - INTERVAL 1 HOUR');
    await poll();
    await joinContest(database, { contestId: ended, playerId: ada });
    expect(await poll()).toEqual([]);
    await database.execute('UPDATE contest SET leaderboard_frozen = TRUE WHERE id = ?', [ended]);
    expect(await poll()).toContainEqual([ended, undefined]);
    await database.execute('DELETE FROM contest WHERE id = ?', [ended]);
    expect(await poll()).toEqual([[ended, undefined]]);

    // The platform may never change the status LIVE: a contest that is over by the clock is not polled for ever.
    const over = await createContest(database);
    const note = (status: string, minutes: number) =>
      database.execute(
        `INSERT INTO contest_announced (contest_id, status, turn, announced_at) VALUES (?, ?, 1, UTC_TIMESTAMP(3) - INTERVAL ? MINUTE)
         ON DUPLICATE KEY UPDATE status = VALUES(status), announced_at = VALUES(announced_at)`,
        [over, status, minutes],
      );
    await note('OVER', 60);
    expect(await poll()).not.toContainEqual([over, undefined]);
    await note('OVER', 5);
    expect(await poll()).toContainEqual([over, undefined]);
    await note('OVER', 60);
    await poll();
    await note('LIVE', 60);
    expect(await poll()).toContainEqual([over, undefined]);
  });

  it('finds what a column of another type makes of the same text', async () => {
    const { database } = test;
    const { contestId } = await test.contestOf([10, 0]);
    const dirty: unknown[] = [];
    const poller = new ScorePoller(database, (id) => {
      if (id === contestId) dirty.push(id);
    });
    await poller.poll();
    for (const type of ['DATETIME', 'TIMESTAMP']) {
      dirty.length = 0;
      await database.execute(`ALTER TABLE contest_participant MODIFY last_solved_at ${type} NULL`);
      await poller.poll();
      expect(dirty).toEqual([contestId]);
    }
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refreshLeaderboard } from '../../src/leaderboard/leaderboard-publisher.ts';
import { LeaderboardReader } from '../../src/leaderboard/leaderboard-reader.ts';
import { SERVER_CLOCK } from '../../src/platform/clock.ts';
import { applyDelta, type LeaderboardDelta, type LeaderboardState } from '../../src/protocol/leaderboard.ts';
import { setFrozen, setScore } from '../support/database/platform.ts';
import { seededIntegers } from '../support/random.ts';
import { type LeaderboardFixture, openLeaderboards, shapeOf, truthOf } from './fixture.ts';

describe('The leaderboard reader', () => {
  let test: LeaderboardFixture;
  beforeAll(async () => {
    test = await openLeaderboards();
  });
  afterAll(() => test.drop());

  /** A node that has loaded nothing yet. */
  const elsewhere = () => new LeaderboardReader({ database: test.database, clock: SERVER_CLOCK });

  it('follows the log to exactly what the tables hold, frozen or not', async () => {
    const { database, reader } = test;
    const { contestId, playerIds } = await test.contestOf(Array(25).fill(0));
    const publisher = await test.load(contestId);
    const random = seededIntegers();
    let frozen = false;
    let shown: unknown = (await reader.read(contestId, false))?.rows;
    for (let round = 0; round < 150; round++) {
      for (let change = random(5); change >= 0; change--) {
        const playerId = playerIds[random(playerIds.length)] as number;
        const second = String(random(3)).padStart(2, '0');
        await setScore(database, contestId, playerId, random(6) * 5, `2026-01-01 00:00:${second}`);
      }
      if (random(6) === 0) {
        frozen = !frozen;
        await setFrozen(database, contestId, frozen);
      }
      await publisher.update('all');
      const real = await reader.read(contestId, true);
      const players = await reader.read(contestId, false);
      expect(shapeOf(real?.rows ?? [])).toEqual(await truthOf(database, contestId));
      expect([real?.frozen, players?.frozen]).toEqual([frozen, frozen]);
      if (!frozen) shown = players?.rows;
      expect(players?.rows).toEqual(shown);
      if (round % 10 === 0) {
        expect((await elsewhere().read(contestId, true))?.rows).toEqual(real?.rows);
        expect((await elsewhere().read(contestId, false))?.rows).toEqual(players?.rows);
      }
    }
  });

  it('creates a leaderboard once, however many nodes read it first', async () => {
    const { contestId } = await test.contestOf([0, 0, 0, 0, 0]);
    const views = await Promise.all(Array.from({ length: 8 }, () => elsewhere().read(contestId, false)));
    for (const view of views) expect(view).toMatchObject({ version: 1, total: 5, frozen: false });
    expect(await test.reader.read(999_999, false)).toBeUndefined();
  });

  it('shares one view per version among all callers, encoded once', async () => {
    const { contestId, playerIds } = await test.contestOf([0, 0, 0]);
    const publisher = await test.load(contestId);
    const [first, second] = await Promise.all([
      test.reader.read(contestId, false),
      test.reader.read(contestId, true),
    ]);
    const third = await test.reader.read(contestId, false);
    expect([second?.rows, third]).toEqual([first?.rows, first]);
    await setScore(test.database, contestId, playerIds[0] as number, 5);
    await publisher.update('all');
    const next = await test.reader.read(contestId, false);
    expect(next?.version).toBe((first?.version ?? 0) + 1);
    expect((await test.reader.read(contestId, false))?.bytes).toBe(next?.bytes);
  });

  it('loads a leaderboard again whose change exceeds the log', async () => {
    const { database, reader, rows } = test;
    const { contestId, playerIds } = await test.contestOf(Array(600).fill(0));
    // Rows of the maximum size: six hundred of them exceed a chain of deltas.
    await database.execute('ALTER TABLE users MODIFY profile_picture TEXT');
    await database.execute('UPDATE users SET profile_picture = REPEAT(?, 2000)', ['語']);
    const publisher = await test.load(contestId);
    const before = await reader.read(contestId, false);
    await database.execute(
      'UPDATE contest_participant SET final_rating = player_id % 50 WHERE contest_id = ?',
      [contestId],
    );
    await publisher.update('all');
    const deltas = rows
      .filter(
        ({ scope, type }) => scope === `contest:${contestId}:leaderboard` && type === 'LEADERBOARD_UPDATE',
      )
      .map(({ data }) => JSON.parse(data) as LeaderboardDelta);
    const leaderboard: LeaderboardState = {
      version: before?.version ?? 0,
      total: playerIds.length,
      rows: new Map(before?.rows.map((row) => [row.playerId, row])),
    };
    expect(deltas.map((delta) => applyDelta(leaderboard, delta))).toEqual([undefined]);
    expect(shapeOf((await reader.read(contestId, false))?.rows ?? [])).toEqual(
      await truthOf(database, contestId),
    );
  }, 120_000);

  it('refreshes the leaderboard of a contest that is long over when it is read, once a minute at most', async () => {
    const { database } = test;
    const { contestId, playerIds } = await test.contestOf([0, 0, 0]);
    const options = test.options();
    let refreshes = 0;
    const node = new LeaderboardReader({
      database,
      clock: SERVER_CLOCK,
      async refresh(id) {
        refreshes += 1;
        await refreshLeaderboard(options, id);
      },
    });
    const shown = async () => (await node.read(contestId, false))?.rows;
    expect(await shown()).toHaveLength(3);
    await database.execute("UPDATE contest SET status = 'ENDED' WHERE id = ?", [contestId]);
    await database.execute('UPDATE standings_board SET changed_at = changed_at - INTERVAL 1 HOUR');
    await setScore(database, contestId, playerIds[1] as number, 7);
    await database.execute(
      "UPDATE users SET name = 'Renamed' WHERE id = (SELECT user_id FROM player WHERE id = ?)",
      [playerIds[1]],
    );
    await database.execute('DELETE FROM player WHERE id = ?', [playerIds[0]]);
    for (const rows of await Promise.all([shown(), shown(), shown()]))
      expect(rows).toMatchObject([
        { playerId: playerIds[1], finalRating: 7, playerName: 'Renamed' },
        { playerId: playerIds[2] },
      ]);
    await database.execute('UPDATE standings_board SET changed_at = changed_at - INTERVAL 1 HOUR');
    await shown();
    expect(refreshes).toBe(1);
    expect((await elsewhere().read(contestId, false))?.rows).toEqual(await shown());

    await database.execute('DELETE FROM contest WHERE id = ?', [contestId]);
    const other = new LeaderboardReader({
      database,
      clock: SERVER_CLOCK,
      refresh: (id) => refreshLeaderboard(options, id),
    });
    expect(await other.read(contestId, false)).toBeUndefined();
    expect(await database.query('SELECT 1 FROM standings_row WHERE contest_id = ?', [contestId])).toEqual([]);
  });
});

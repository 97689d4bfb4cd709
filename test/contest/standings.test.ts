import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPlatformClock } from '../../src/contest/platform-clock.ts';
import { readGlobalStandings, readStandings } from '../../src/contest/standings.ts';
import { standing } from '../../src/protocol/fields.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createContest, createPlayer, joinContest } from '../support/platform.ts';

const ALL = { limit: 100, offset: 0 };

describe('Standings', () => {
  let test: TestDatabase;
  beforeAll(async () => {
    test = await createTestDatabase();
  });
  afterAll(() => test.drop());

  async function contestOf(ratings: readonly number[]): Promise<number> {
    const contestId = await createContest(test.database);
    for (const finalRating of ratings) {
      const { playerId } = await createPlayer(test.database, { name: `Ada ${finalRating} \u{1f600}` });
      const lastSolvedAt = '2026-07-01 12:00:00';
      await joinContest(test.database, { contestId, playerId, finalRating, lastSolvedAt });
    }
    return contestId;
  }

  it('have the shape that the catalogue gives them', async () => {
    const contestId = await contestOf([12.5]);
    const { rows, total, frozen } = await readStandings(
      test.database,
      contestId,
      false,
      ALL,
      createPlatformClock('+02:00'),
    );
    expect({ total, frozen }).toEqual({ total: 1, frozen: false });
    expect(standing.parse(rows[0])).toMatchObject({
      playerName: 'Ada 12.5 \u{1f600}',
      rank: 1,
      finalRating: 12.5,
      lastSolvedAt: '2026-07-01T10:00:00.000Z',
    });
  });

  it('share a rank where results are equal, and page without repeating anybody', async () => {
    const contestId = await contestOf([10, 30, 20, 20, 5]);
    const pages = await Promise.all(
      [0, 2, 4, 6].map((offset) => readStandings(test.database, contestId, false, { limit: 2, offset })),
    );
    const rows = pages.flatMap((page) => page.rows);
    expect(rows.map(({ rank }) => rank)).toEqual([1, 2, 2, 4, 5]);
    expect(new Set(rows.map(({ playerId }) => playerId)).size).toBe(5);
    expect(pages.map(({ total }) => total)).toEqual([5, 5, 5, 5]);
  });

  it('of a frozen contest are shown to those alone who may see them', async () => {
    const contestId = await contestOf([1, 2]);
    await test.database.execute('UPDATE contest SET leaderboard_frozen = TRUE WHERE id = ?', [contestId]);
    expect(await readStandings(test.database, contestId, false, ALL)).toMatchObject({
      frozen: true,
      rows: [],
    });
    const real = await readStandings(test.database, contestId, true, ALL);
    expect(real.frozen).toBe(true);
    expect(real.rows).toHaveLength(2);
  });

  it('do not show what happened after a freeze that came while they were read', async () => {
    const contestId = await contestOf([1]);
    let first = true;
    const { rows, frozen } = await readStandings(
      {
        async query(sql, values) {
          if (!first) return test.database.query(sql, values);
          first = false;
          const answer = await test.database.query(sql, values);
          await test.database.execute('UPDATE contest SET leaderboard_frozen = TRUE WHERE id = ?', [
            contestId,
          ]);
          await test.database.execute(
            'UPDATE contest_participant SET final_rating = 99 WHERE contest_id = ?',
            [contestId],
          );
          return answer as never;
        },
      },
      contestId,
      false,
      ALL,
    );
    expect({ rows, frozen }).toEqual({ rows: [], frozen: true });
  });

  it('of all players share a rank where XP is equal, whatever page one begins with', async () => {
    const xps = [900_500, 900_400, 900_400, 900_400, 900_300];
    for (const xp of xps) await createPlayer(test.database, { xp });
    const whole = await readGlobalStandings(test.database, { limit: 5, offset: 0 });
    expect(whole.map(({ rank, xp }) => [rank, xp])).toEqual(
      [1, 2, 2, 2, 5].map((rank, index) => [rank, xps[index]]),
    );
    for (let offset = 1; offset < 5; offset++)
      expect(await readGlobalStandings(test.database, { limit: 5 - offset, offset })).toEqual(
        whole.slice(offset),
      );
    expect(await readGlobalStandings(test.database, { limit: 5, offset: 1_000_000 })).toEqual([]);
  });
});

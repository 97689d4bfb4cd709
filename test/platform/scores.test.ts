import { beforeAll, describe, expect, it } from 'vitest';
import { createPlatformClock, SERVER_CLOCK } from '../../src/platform/clock.ts';
import { readContestState, readScores } from '../../src/platform/scores.ts';
import { leaderboardRow } from '../../src/protocol/fields.ts';
import { prepareDatabase } from '../support/database/database.ts';
import { createContest, createPlayer, joinContest } from '../support/database/platform.ts';

describe('Scores of the platform', () => {
  const test = prepareDatabase();
  let contestId: number;
  beforeAll(async () => {
    contestId = await createContest(test.database);
  });

  it.each([
    ['TIMESTAMP', '2026-07-01T12:00:00.000Z'],
    ['DATETIME', '2026-07-01T10:00:00.000Z'],
  ])('match the schema of a leaderboard row, with the solve in a %s', async (type, expected) => {
    await test.database.execute(`ALTER TABLE contest_participant MODIFY last_solved_at ${type} NULL`);
    const { playerId } = await createPlayer(test.database, { name: 'Ada \u{1f600}' });
    const lastSolvedAt = '2026-07-01 12:00:00';
    await joinContest(test.database, { contestId, playerId, finalRating: 12.5, lastSolvedAt });
    const scores = await readScores(test.database, contestId, 'all', createPlatformClock('+02:00'));
    expect(leaderboardRow.parse({ ...scores.get(playerId), rank: 1 })).toMatchObject({
      playerName: 'Ada \u{1f600}',
      finalRating: 12.5,
      lastSolvedAt: expected,
    });
  });

  it.each([
    ['', /^Player \d+$/],
    ['\u{1f600}'.repeat(60), /^(\u{1f600}){50}$/u],
  ])('can be published with any name: %j', async (name, expected) => {
    const { playerId } = await createPlayer(test.database, { name });
    await joinContest(test.database, { contestId, playerId });
    const scores = await readScores(test.database, contestId, new Set([playerId]), SERVER_CLOCK);
    expect([...scores.keys()]).toEqual([playerId]);
    expect(leaderboardRow.parse({ ...scores.get(playerId), rank: 1 }).playerName).toMatch(expected);
  });

  it('can be published where names and titles are missing', async () => {
    await test.database.execute('ALTER TABLE users MODIFY name VARCHAR(300)');
    await test.database.execute('ALTER TABLE contest MODIFY title VARCHAR(300)');
    const { playerId, userId } = await createPlayer(test.database);
    await joinContest(test.database, { contestId, playerId });
    await test.database.execute('UPDATE users SET name = NULL WHERE id = ?', [userId]);
    await test.database.execute('UPDATE contest SET title = NULL WHERE id = ?', [contestId]);
    const scores = await readScores(test.database, contestId, new Set([playerId]), SERVER_CLOCK);
    expect(leaderboardRow.parse({ ...scores.get(playerId), rank: 1 }).playerName).toBe(`Player ${playerId}`);
    expect(await readContestState(test.database, contestId)).toMatchObject({ title: '', live: true });
  });

  it('are empty for an empty set of players', async () => {
    expect(await readScores(test.database, contestId, new Set(), SERVER_CLOCK)).toEqual(new Map());
  });
});

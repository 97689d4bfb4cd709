import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkParticipants } from '../../src/cli/doctor/participants.ts';
import { LeaderboardPublisher } from '../../src/leaderboard/leaderboard-publisher.ts';
import { LeftOutRows } from '../../src/leaderboard/left-out-rows.ts';
import { createUser, setScore } from '../support/database/platform.ts';
import { type LeaderboardFixture, openLeaderboards } from './fixture.ts';

/** An id beyond 2^53: as a number, it would be another player's. */
const HUGE = '9007199254740993';

describe('A row that cannot be shown', () => {
  let test: LeaderboardFixture;
  beforeAll(async () => {
    test = await openLeaderboards();
    await test.database.execute(
      'ALTER TABLE contest_participant MODIFY problems_solved BIGINT NOT NULL DEFAULT 0',
    );
    await test.database.execute(
      'ALTER TABLE contest_participant MODIFY penalty_mins DOUBLE NOT NULL DEFAULT 0',
    );
  });
  afterAll(() => test.drop());

  async function joinHuge(contestId: number): Promise<void> {
    const userId = await createUser(test.database);
    await test.database.execute('INSERT IGNORE INTO player (id, user_id) VALUES (?, ?)', [HUGE, userId]);
    await test.database.execute(
      'INSERT INTO contest_participant (contest_id, player_id, final_rating) VALUES (?, ?, 99)',
      [contestId, HUGE],
    );
  }

  it('is left out alone, and named once in the log', async () => {
    const { database, reader } = test;
    const { contestId, playerIds } = await test.contestOf([30, 20, 10]);
    const [first, second, third] = playerIds as [number, number, number];
    const lines: string[] = [];
    const leftOut = new LeftOutRows((line) => lines.push(line));
    const publisher = await LeaderboardPublisher.load({ ...test.options(), leftOut }, contestId);
    const ranks = async () => (await reader.read(contestId, false))?.rows.map(({ playerId }) => playerId);

    await joinHuge(contestId);
    await setScore(database, contestId, third, 40);
    await publisher?.update('all');
    expect(await ranks()).toEqual([third, first, second]);
    await database.execute(
      'UPDATE contest_participant SET problems_solved = 99999999999 WHERE player_id = ?',
      [first],
    );
    await publisher?.update(new Set([first]));
    await publisher?.update('all');
    expect(await ranks()).toEqual([third, second]);
    expect(leftOut.size).toBe(2);
    expect(lines).toEqual([
      `contest ${contestId}: rows of contest_participant are left out of its leaderboard (player ${HUGE}: its player_id is not a whole number from 1 to 9007199254740991). Correct them there.`,
      expect.stringContaining(`player ${first}: its problems_solved is not a whole number up to 2147483647`),
    ]);

    await database.execute('UPDATE contest_participant SET problems_solved = 1 WHERE player_id = ?', [first]);
    await publisher?.update(new Set([first]));
    expect(await ranks()).toEqual([third, first, second]);
    expect(leftOut.size).toBe(1);
    await database.execute('DELETE FROM contest_participant WHERE player_id = ?', [HUGE]);
    await publisher?.update('all');
    expect(leftOut.size).toBe(0);
    expect(lines).toHaveLength(2);
  });

  it.each([
    ['penalty_mins', '1.5'],
    ['penalty_mins', '1e300'],
    ['problems_solved', '99999999999'],
  ])('does not keep a leaderboard from being created: %s of %s', async (column, value) => {
    const { database, reader } = test;
    const { contestId, playerIds } = await test.contestOf([30, 20]);
    await joinHuge(contestId);
    await database.execute(`UPDATE contest_participant SET ${column} = ${value} WHERE player_id = ?`, [
      playerIds[0],
    ]);
    expect((await reader.read(contestId, false))?.rows.map(({ playerId }) => playerId)).toEqual([
      playerIds[1],
    ]);
  });

  it('is named by doctor', async () => {
    const { database } = test;
    const { contestId } = await test.contestOf([30]);
    await database.execute('DELETE FROM contest_participant WHERE contest_id <> ?', [contestId]);
    expect(await checkParticipants(database)).toMatchObject([{ level: 'good' }]);
    await joinHuge(contestId);
    const [finding] = await checkParticipants(database);
    expect(finding).toMatchObject({ level: 'wrong', text: expect.stringContaining(`player ${HUGE}`) });
  });
});

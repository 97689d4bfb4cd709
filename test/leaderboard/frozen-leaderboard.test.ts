import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LeaderboardPublisher } from '../../src/leaderboard/leaderboard-publisher.ts';
import { LeaderboardReader } from '../../src/leaderboard/leaderboard-reader.ts';
import { pageOf } from '../../src/leaderboard/page.ts';
import { SERVER_CLOCK } from '../../src/platform/clock.ts';
import { installTriggers } from '../../src/platform/triggers/install.ts';
import { uninstallTriggers } from '../../src/platform/triggers/uninstall.ts';
import {
  createPlayer,
  joinContest,
  setFrozen,
  setPlatformSchema,
  setScore,
} from '../support/database/platform.ts';
import { openPlatformSession, type PlatformSession } from '../support/database/platform-session.ts';
import { type LeaderboardFixture, openLeaderboards } from './fixture.ts';

let test: LeaderboardFixture;
let platform: PlatformSession;
beforeAll(async () => {
  test = await openLeaderboards();
  platform = await openPlatformSession(test.url);
});
afterAll(async () => {
  platform.close();
  await test.drop();
});

async function rowsFor(contestId: number, seesReal: boolean) {
  const reader = new LeaderboardReader({ database: test.database, clock: SERVER_CLOCK });
  return (await reader.read(contestId, seesReal))?.rows ?? [];
}

const ratingsFor = async (contestId: number, seesReal: boolean) =>
  (await rowsFor(contestId, seesReal)).map(({ finalRating }) => finalRating);

async function join(contestId: number, finalRating = 0): Promise<number> {
  const { playerId } = await createPlayer(test.database);
  await joinContest(test.database, { contestId, playerId, finalRating });
  return playerId;
}

describe('A frozen leaderboard that triggers report', () => {
  beforeAll(async () => {
    await installTriggers(test.database);
  });

  it('shows what was committed before the freeze, though nothing had polled it, and nothing from after it', async () => {
    const { contestId, playerIds } = await test.contestOf([30, 20]);
    const [first, second] = playerIds as [number, number];
    const publisher = await test.load(contestId);
    await setScore(test.database, contestId, second, 40);
    await setFrozen(test.database, contestId, true);
    await setScore(test.database, contestId, first, 50);
    await setScore(test.database, contestId, second, 60);
    await publisher.update('all');
    expect(await ratingsFor(contestId, false)).toEqual([40, 30]);
    expect(await ratingsFor(contestId, true)).toEqual([60, 50]);
  });

  it('shows the results at the freeze where nothing was published before it', async () => {
    const { contestId, playerIds } = await test.contestOf([30, 20]);
    await setFrozen(test.database, contestId, true);
    await setScore(test.database, contestId, playerIds[1] as number, 99);
    await test.load(contestId);
    expect(await ratingsFor(contestId, false)).toEqual([30, 20]);
    expect(await ratingsFor(contestId, true)).toEqual([99, 30]);
  });

  it('follows a transaction that saw no freeze, though it commits after it', async () => {
    const { contestId, playerIds } = await test.contestOf([30, 20]);
    const [, second] = playerIds as [number, number];
    const publisher = await test.load(contestId);
    await platform.run('START TRANSACTION');
    await platform.run(
      'UPDATE contest_participant SET final_rating = 40 WHERE contest_id = ? AND player_id = ?',
      [contestId, second],
    );
    await setFrozen(test.database, contestId, true);
    await publisher.update('all');
    expect(await ratingsFor(contestId, false)).toEqual([30, 20]);
    await platform.run('COMMIT');
    await publisher.update(new Set([second]));
    expect(await ratingsFor(contestId, false)).toEqual([40, 30]);
  });

  it('that is frozen again shows the results at the later freeze', async () => {
    const { contestId, playerIds } = await test.contestOf([30, 20]);
    const [, second] = playerIds as [number, number];
    const publisher = await test.load(contestId);
    for (const [frozen, rating] of [
      [true, 40],
      [false, 50],
      [true, 60],
    ] as const) {
      await setFrozen(test.database, contestId, frozen);
      await setScore(test.database, contestId, second, rating);
    }
    await publisher.update('all');
    expect(await ratingsFor(contestId, false)).toEqual([50, 30]);
    expect(await ratingsFor(contestId, true)).toEqual([60, 30]);
    await setFrozen(test.database, contestId, false);
    await publisher.update('all');
    expect(await ratingsFor(contestId, false)).toEqual([60, 30]);
    expect(await test.database.query('SELECT * FROM frozen_score WHERE contest_id = ?', [contestId])).toEqual(
      [],
    );
  });

  it.each(['TIMESTAMP', 'DATETIME'] as const)(
    'keeps the instant of a last solve in a %s column',
    async (solved) => {
      await setPlatformSchema(test.database, { start: 'DATETIME', end: 'DATETIME', solved });
      const { contestId, playerIds } = await test.contestOf([30]);
      const publisher = await test.load(contestId);
      const [before] = await rowsFor(contestId, false);
      await platform.run("SET time_zone = '-03:00'");
      await setFrozen(test.database, contestId, true);
      await platform.run(
        "UPDATE contest_participant SET last_solved_at = '2026-05-05 05:05:05' WHERE contest_id = ? AND player_id = ?",
        [contestId, playerIds[0]],
      );
      await publisher.update('all');
      const [shown] = await rowsFor(contestId, false);
      const [real] = await rowsFor(contestId, true);
      expect(shown?.lastSolvedAt).toBe(before?.lastSolvedAt);
      expect(real?.lastSolvedAt).not.toBe(before?.lastSolvedAt);
    },
  );
});

describe.each([true, false])('A frozen leaderboard, with triggers: %s', (triggers) => {
  beforeAll(async () => {
    if (triggers) await installTriggers(test.database);
    else await uninstallTriggers(test.database);
  });
  let contestId: number;
  let players: readonly number[];
  let publisher: LeaderboardPublisher;
  beforeEach(async () => {
    ({ contestId, playerIds: players } = await test.contestOf([30, 20]));
    publisher = await test.load(contestId);
    await setFrozen(test.database, contestId, true);
    await publisher.update('all');
  });

  it('has a row for a player who joins later, without what they solve', async () => {
    const newcomer = await join(contestId);
    await setScore(test.database, contestId, newcomer, 99);
    const next = await LeaderboardPublisher.load(test.options(), contestId);
    await next?.update(new Set([newcomer]));
    const rows = await rowsFor(contestId, false);
    expect(rows.map(({ playerId, finalRating, rank }) => [playerId, finalRating, rank])).toEqual([
      [players[0], 30, 1],
      [players[1], 20, 2],
      [newcomer, 0, 3],
    ]);
    expect(pageOf(rows, { limit: 1, offset: 0, around: newcomer }).rows[0]?.playerId).toBe(newcomer);
    const followed = await test.reader.read(contestId, false);
    expect(followed?.rows).toEqual(rows);
    expect(await ratingsFor(contestId, true)).toEqual([99, 30, 20]);
  });

  it('loses the row of a player who leaves, and nothing else changes', async () => {
    await test.reader.read(contestId, false);
    await setScore(test.database, contestId, players[1] as number, 99);
    await test.database.execute('DELETE FROM contest_participant WHERE contest_id = ? AND player_id = ?', [
      contestId,
      players[0],
    ]);
    await publisher.update('all');
    expect(await ratingsFor(contestId, false)).toEqual([20]);
    expect((await test.reader.read(contestId, false))?.rows).toEqual(await rowsFor(contestId, false));
    expect(await ratingsFor(contestId, true)).toEqual([99]);
  });

  it('is whole for everybody after the freeze, whatever came and went during it', async () => {
    for (const seesReal of [true, false]) await test.reader.read(contestId, seesReal);
    const newcomer = await join(contestId, 25);
    await publisher.update('all');
    await setScore(test.database, contestId, players[1] as number, 99);
    await publisher.update('all');
    await setFrozen(test.database, contestId, false);
    await publisher.update('all');
    const whole = await rowsFor(contestId, false);
    expect(whole.map(({ playerId, rank }) => [playerId, rank])).toEqual([
      [players[1], 1],
      [players[0], 2],
      [newcomer, 3],
    ]);
    for (const seesReal of [true, false])
      expect((await test.reader.read(contestId, seesReal))?.rows).toEqual(whole);
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLeaderboard } from '../../src/leaderboard/creation.ts';
import { LeaderboardPublisher } from '../../src/leaderboard/leaderboard-publisher.ts';
import { LeaderboardReader } from '../../src/leaderboard/leaderboard-reader.ts';
import { SERVER_CLOCK } from '../../src/platform/clock.ts';
import { withGaps } from '../support/database/gaps.ts';
import { setFrozen, setScore } from '../support/database/platform.ts';
import { type LeaderboardFixture, openLeaderboards, shapeOf, truthOf } from './fixture.ts';

describe('The leaderboard publisher', () => {
  let test: LeaderboardFixture;
  beforeAll(async () => {
    test = await openLeaderboards();
  });
  afterAll(() => test.drop());

  const ratingsFor = async (contestId: number, seesReal: boolean) => {
    const reader = new LeaderboardReader({ database: test.database, clock: SERVER_CLOCK });
    return (await reader.read(contestId, seesReal))?.rows.map(({ finalRating }) => finalRating);
  };

  /** Freezes a contest and changes a score after it. */
  const freezeAndScore = async (contestId: number, playerId: number) => {
    await setFrozen(test.database, contestId, true);
    await setScore(test.database, contestId, playerId, 99);
  };

  it.each([0, 1, 2, 3, 4, 5, 6])(
    'publishes the results of one moment, whichever players are reported, with a transaction behind read %i',
    async (gap) => {
      const { contestId, playerIds } = await test.contestOf([30, 20, 10]);
      const [first, second, third] = playerIds as [number, number, number];
      const moments: unknown[] = [await truthOf(test.database, contestId)];
      const change = async (rating: number) => {
        await test.database.transaction(async (tx) => {
          await setScore(tx, contestId, first, rating);
          await setScore(tx, contestId, second, rating + 1);
        });
        moments.push(await truthOf(test.database, contestId));
      };
      let left = Number.POSITIVE_INFINITY;
      const database = withGaps(test.database, async () => {
        if (--left === 0) await change(70);
      });
      const publisher = await LeaderboardPublisher.load(test.options(2, database), contestId);
      await publisher?.update('all');
      const versions: unknown[] = [];
      for (const reported of [[first], [], [third], [first, second]]) {
        await change(40 + versions.length);
        left = gap || Number.POSITIVE_INFINITY;
        await publisher?.update(new Set(reported));
        versions.push(shapeOf((await test.reader.read(contestId, false))?.rows ?? []));
        expect(moments).toContainEqual(versions.at(-1));
      }
      await publisher?.update(new Set());
      expect(shapeOf((await test.reader.read(contestId, false))?.rows ?? [])).toEqual(moments.at(-1));
    },
  );

  it.each([1, 2, 3, 4, 5, 6])(
    'shows no score from after a freeze that falls behind read %i of an update',
    async (gap) => {
      const { contestId, playerIds } = await test.contestOf([30, 20]);
      const database = withGaps(test.database, async (reads) => {
        if (armed && reads === first + gap) await freezeAndScore(contestId, playerIds[1] as number);
        last = reads;
      });
      let armed = false;
      let first = 0;
      let last = 0;
      const publisher = await LeaderboardPublisher.load(test.options(2, database), contestId);
      armed = true;
      first = last;
      await publisher?.update('all');
      expect(last).toBeGreaterThanOrEqual(first + gap);
      expect(await ratingsFor(contestId, false)).toEqual([30, 20]);

      await publisher?.update('all');
      expect(await ratingsFor(contestId, false)).toEqual([30, 20]);
      expect(await ratingsFor(contestId, true)).toEqual([99, 30]);
    },
  );

  it.each([1, 2, 3])(
    'shows no score from after a freeze that falls behind read %i of its creation',
    async (gap) => {
      const { contestId, playerIds } = await test.contestOf([30, 20]);
      let happened = false;
      const database = withGaps(test.database, async (reads) => {
        if (reads !== gap) return;
        happened = true;
        await freezeAndScore(contestId, playerIds[1] as number);
      });
      await createLeaderboard(database, contestId, SERVER_CLOCK);
      expect(happened).toBe(true);
      expect(await ratingsFor(contestId, false)).not.toContain(99);
    },
  );

  it('deletes the leaderboard of a deleted contest', async () => {
    const { contestId } = await test.contestOf([0, 0]);
    const publisher = await test.load(contestId);
    await test.database.execute('DELETE FROM contest WHERE id = ?', [contestId]);
    expect(await publisher.update('all')).toBe(false);
    for (const table of ['standings_board', 'standings_row'])
      expect(await test.database.query(`SELECT 1 FROM ${table} WHERE contest_id = ?`, [contestId])).toEqual(
        [],
      );
  });
});

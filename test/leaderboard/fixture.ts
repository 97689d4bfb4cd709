import type { Database, Queries } from '../../src/db/database.ts';
import { createLogPublisher, type LogPublisher } from '../../src/events/log-publisher.ts';
import {
  LeaderboardPublisher,
  type LeaderboardPublisherOptions,
} from '../../src/leaderboard/leaderboard-publisher.ts';
import { LeaderboardReader } from '../../src/leaderboard/leaderboard-reader.ts';
import type { LogRow } from '../../src/log/row.ts';
import { SERVER_CLOCK } from '../../src/platform/clock.ts';
import { readRestrictions } from '../../src/platform/restrictions.ts';
import type { LeaderboardRow } from '../../src/protocol/leaderboard.ts';
import { createTestDatabase, type TestDatabase } from '../support/database/database.ts';
import { openAppender } from '../support/database/log.ts';
import { createContest, createPlayer, joinContest } from '../support/database/platform.ts';

/** A database whose leaderboards are published by hand, without a service. */
export interface LeaderboardFixture extends TestDatabase {
  readonly publisher: LogPublisher;
  /** Follows the log as a node does, without delay. */
  readonly reader: LeaderboardReader;
  /** Every committed row of the log. */
  readonly rows: LogRow[];
  /** Options of a publisher. @param database replaces the fixture's own */
  options(top?: number, database?: Database): LeaderboardPublisherOptions;
  load(contestId: number, top?: number): Promise<LeaderboardPublisher>;
  /** A live contest with players of these ratings; 0: without a result. */
  contestOf(ratings: readonly number[]): Promise<{ contestId: number; playerIds: number[] }>;
}

export async function openLeaderboards(): Promise<LeaderboardFixture> {
  const test = await createTestDatabase();
  const { database } = test;
  const reader = new LeaderboardReader({ database, clock: SERVER_CLOCK });
  const rows: LogRow[] = [];
  const appender = openAppender(database, {
    onCommitted: (committed) => {
      rows.push(...committed);
      reader.observe(committed);
    },
  });
  const publisher = createLogPublisher({
    append: (units) => appender.append(units),
    restrictions: (contests) => readRestrictions(database, contests),
    paces: false,
  });
  const options = (top = 2, other: Database = database) => ({
    database: other,
    publisher,
    clock: SERVER_CLOCK,
    top,
  });
  return {
    ...test,
    publisher,
    reader,
    rows,
    options,
    async load(contestId, top) {
      const loaded = await LeaderboardPublisher.load(options(top), contestId);
      if (!loaded) throw new Error('there is no such contest');
      return loaded;
    },
    async contestOf(ratings) {
      const contestId = await createContest(database);
      const playerIds: number[] = [];
      for (const finalRating of ratings) {
        const { playerId } = await createPlayer(database);
        playerIds.push(playerId);
        const scored = finalRating > 0 ? { problemsSolved: 1, lastSolvedAt: '2026-01-01 00:00:00' } : {};
        await joinContest(database, { contestId, playerId, finalRating, ...scored });
      }
      return { contestId, playerIds };
    },
    async drop() {
      await appender.close();
      await test.drop();
    },
  };
}

/** Leaderboard by the platform's own tables: player, rank, rating and name of each row, in order. */
export async function truthOf(database: Queries, contestId: number): Promise<unknown[][]> {
  const rows = await database.query<{ id: number; place: number; rating: string; name: string }>(
    `SELECT player_id AS id, live_rank AS place, final_rating AS rating, player_name AS name
       FROM v_contest_leaderboard WHERE contest_id = ? ORDER BY live_rank, player_id`,
    [contestId],
  );
  return rows.map(({ id, place, rating, name }) => [id, Number(place), Number(rating), name]);
}

/** Player, rank, rating and name of each row. */
export const shapeOf = (rows: readonly LeaderboardRow[]): unknown[][] =>
  rows.map((row) => [row.playerId, row.rank, row.finalRating, row.playerName]);

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ContestSnapshot } from '../../src/contest/contest-snapshot.ts';
import { readSnapshots } from '../../src/contest/contest-snapshot.ts';
import { type Database, openDatabase } from '../../src/db/database.ts';
import { seedDemo } from '../../src/demo/seed.ts';
import { migrate } from '../../src/migrate/migrate.ts';
import { createPlatformClock, type PlatformClock, SERVER_CLOCK } from '../../src/platform/clock.ts';
import { readContest } from '../../src/platform/contests.ts';
import { readScores } from '../../src/platform/scores.ts';
import { instant } from '../../src/protocol/fields.ts';
import { prepareDatabase } from '../support/database/database.ts';
import { type PrivateServer, startPrivateServer } from '../support/database/database-server.ts';
import {
  type ContestSchema,
  createContest,
  createPlayer,
  joinContest,
  setPlatformSchema,
} from '../support/database/platform.ts';

/** Every combination that versions of the platform leave behind. */
const SCHEMAS: readonly (readonly [string, ContestSchema])[] = [
  ['first', { start: 'TIMESTAMP', end: 'TIMESTAMP', solved: 'TIMESTAMP' }],
  ['updated', { start: 'DATETIME', end: 'DATETIME', solved: 'TIMESTAMP' }],
  ['mixed', { start: 'TIMESTAMP', end: 'DATETIME', solved: 'DATETIME' }],
];
const ADMIN = { userId: 1, playerId: undefined, isAdmin: true };

describe('Times of a platform', () => {
  const made = prepareDatabase();

  it.each(['TIMESTAMP', 'DATETIME'] as const)('are written to a %s as they are read', async (type) => {
    const { database } = made;
    await setPlatformSchema(database, { start: type, end: type, solved: type });
    const contestId = await createContest(database, { endTime: '2037-01-01 00:00:00' });
    for (const zone of [undefined, '+05:30', 'Asia/Kolkata']) {
      const clock = createPlatformClock(zone);
      const stored = clock.stored('contest', 'start_time', "CAST('2030-05-06 07:08:09' AS DATETIME)");
      await database.execute(`UPDATE contest SET start_time = ${stored} WHERE id = ?`, [contestId]);
      const contest = await readContest(database, clock, ADMIN, contestId);
      expect(contest?.startsAt).toBe('2030-05-06T07:08:09.000Z');
    }
  });
});

describe('Times of a platform whose server is at +05:30', () => {
  let server: PrivateServer;
  let database: Database;
  beforeAll(async () => {
    server = await startPrivateServer();
    database = openDatabase({ url: server.url });
    await migrate(database);
  });
  beforeEach(() => database.execute("SET GLOBAL time_zone = '+05:30'"));
  afterAll(async () => {
    await database.close();
    await server.remove();
  });

  /** Runs a statement in a session of the platform's own. */
  async function asPlatform(sql: string, values: readonly unknown[]): Promise<void> {
    const connection = await database.connect();
    await connection.query('SET time_zone = @@global.time_zone');
    await connection.query(sql, [...values]);
    await connection.end();
  }

  /** A contest from now for an hour, with one player who solves a problem now. */
  async function contestNow(): Promise<{ contestId: number; playerId: number; now: number }> {
    const contestId = await createContest(database, { endTime: '2037-01-01 00:00:00' });
    const { playerId } = await createPlayer(database);
    await joinContest(database, { contestId, playerId, finalRating: 1 });
    await asPlatform(
      'UPDATE contest SET start_time = NOW(), end_time = NOW() + INTERVAL 1 HOUR WHERE id = ?',
      [contestId],
    );
    await asPlatform('UPDATE contest_participant SET last_solved_at = NOW() WHERE contest_id = ?', [
      contestId,
    ]);
    const [row] = await database.query<{ now: Date }>('SELECT UTC_TIMESTAMP() AS now');
    return { contestId, playerId, now: row?.now.getTime() ?? 0 };
  }

  async function timesOf(contestId: number, playerId: number, clock: PlatformClock = SERVER_CLOCK) {
    const contest = await readContest(database, clock, ADMIN, contestId);
    const [snapshot] = (await readSnapshots(database, clock, [contestId])) as [ContestSnapshot];
    const score = (await readScores(database, contestId, 'all', clock)).get(playerId);
    const msOf = (iso: string | null | undefined) => Date.parse(iso ?? '');
    expect(snapshot.contest?.startsAt).toBe(msOf(contest?.startsAt));
    expect(snapshot.contest?.endsAt).toBe(msOf(contest?.endsAt));
    return {
      start: msOf(contest?.startsAt),
      end: msOf(contest?.endsAt),
      solved: msOf(score?.lastSolvedAt),
    };
  }

  const HOUR_MS = 3_600_000;
  /** A busy machine may take a while between the platform's statement and the reading of the clock. */
  const isNear = (actual: number, expected: number) => Math.abs(actual - expected) < 60_000;

  describe.each(SCHEMAS)('in its %s schema', (_, schema) => {
    beforeEach(() => setPlatformSchema(database, schema));

    it.each([undefined, 'Asia/Kolkata', '+05:30'])('are instants, with the zone %s', async (zone) => {
      const { contestId, playerId, now } = await contestNow();
      const { start, end, solved } = await timesOf(contestId, playerId, createPlatformClock(zone));
      expect(isNear(start, now)).toBe(true);
      expect(end - start).toBe(HOUR_MS);
      expect(isNear(solved, now)).toBe(true);
    });

    it('are what the demo seeds', async () => {
      for (const zone of [undefined, '-03:00']) {
        const clock = createPlatformClock(zone);
        await database.execute('DELETE FROM contest');
        await database.execute('DELETE FROM player');
        await database.execute('DELETE FROM users');
        const demo = await seedDemo(database, { clock });
        const [row] = await database.query<{ now: Date }>('SELECT UTC_TIMESTAMP() AS now');
        const contest = await readContest(database, clock, ADMIN, demo?.contestId ?? 0);
        expect(isNear(Date.parse(contest?.startsAt ?? ''), (row?.now.getTime() ?? 0) - HOUR_MS)).toBe(true);
        const scores = await readScores(database, demo?.contestId ?? 0, 'all', clock);
        for (const { lastSolvedAt } of scores.values()) {
          const ago = (row?.now.getTime() ?? 0) - Date.parse(lastSolvedAt ?? '');
          expect(ago).toBeGreaterThan(-60_000);
          expect(ago).toBeLessThan(HOUR_MS);
        }
      }
    });
  });

  it('follow a column whose type is changed, and a server whose zone is', async () => {
    await setPlatformSchema(database, { start: 'DATETIME', end: 'DATETIME', solved: 'DATETIME' });
    const { contestId, playerId, now } = await contestNow();
    // Of a session in the platform's zone, as its updates run: the instants stay.
    await asPlatform('ALTER TABLE contest MODIFY start_time TIMESTAMP NULL', []);
    expect(isNear((await timesOf(contestId, playerId)).start, now)).toBe(true);
    await database.execute("SET GLOBAL time_zone = '+07:30'");
    const { start, solved } = await timesOf(contestId, playerId);
    expect(isNear(start, now)).toBe(true);
    expect(isNear(solved, now - 2 * HOUR_MS)).toBe(true);
  });

  it.each([
    ['+05:30', '9999-12-31 23:59:59', '9999-12-31T18:29:59.000Z'],
    ['-05:30', '9999-12-31 23:59:59', '9999-12-31T23:59:59.999Z'],
    ['-05:30', '2050-07-01 12:00:00', '2050-07-01T17:30:00.000Z'],
    ['+05:30', '1000-01-01 00:00:00', '0999-12-31T18:30:00.000Z'],
    ['+05:30', '0000-00-00 00:00:00', null],
    ['+05:30', '2026-00-10 00:00:00', null],
  ])('stay within the calendar: at %s, %s is %s', async (zone, wall, expected) => {
    await setPlatformSchema(database, { start: 'DATETIME', end: 'DATETIME', solved: 'DATETIME' });
    await database.execute('SET GLOBAL time_zone = ?', [zone]);
    const { contestId } = await contestNow();
    await asPlatform("SET STATEMENT sql_mode = '' FOR UPDATE contest SET end_time = ? WHERE id = ?", [
      wall,
      contestId,
    ]);
    for (const clock of [SERVER_CLOCK, createPlatformClock(zone)]) {
      const contest = await readContest(database, clock, ADMIN, contestId);
      expect(contest?.endsAt).toBe(expected);
      expect(instant.nullable().safeParse(contest?.endsAt).success).toBe(true);
    }
  });
});

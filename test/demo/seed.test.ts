import { expect, onTestFinished, test } from 'vitest';
import type { Database } from '../../src/db/database.ts';
import { DEMO_DOMAIN } from '../../src/demo/cast.ts';
import { seedDemo } from '../../src/demo/seed.ts';
import { createTestDatabase } from '../support/database/database.ts';
import { createUser } from '../support/database/platform.ts';

async function emptyDatabase(): Promise<Database> {
  const { database, drop } = await createTestDatabase();
  onTestFinished(drop);
  return database;
}

async function counts(database: Database): Promise<Record<string, number>> {
  const tables = ['users', 'player', 'problem', 'contest', 'contest_participant', 'level_config'];
  const entries = tables.map(async (table): Promise<[string, number]> => {
    const [row] = await database.query<{ n: number }>(`SELECT COUNT(*) AS n FROM ${table}`);
    return [table, row?.n ?? 0];
  });
  return Object.fromEntries(await Promise.all(entries));
}

test('seeds an empty database with the ids that the documentation uses', async () => {
  const database = await emptyDatabase();
  const demo = await seedDemo(database);
  expect(demo).toMatchObject({ playerId: 7, contestId: 3, contestTitle: 'Friday Sprint' });
  expect(demo?.problemIds).toContain(5);
  const contests = await database.query('SELECT status, is_public AS isPublic FROM contest ORDER BY id');
  expect(contests).toEqual([
    { status: 'ENDED', isPublic: 1 },
    { status: 'UPCOMING', isPublic: 0 },
    { status: 'LIVE', isPublic: 1 },
  ]);
  const roles = await database.query('SELECT role, COUNT(*) AS n FROM users GROUP BY role ORDER BY role');
  expect(roles).toContainEqual({ role: 'ADMIN', n: 1 });
  expect(roles).toContainEqual({ role: 'COMPANY', n: 1 });
});

test('gives every player an id that differs from its user’s', async () => {
  const database = await emptyDatabase();
  // The next user would be 9 and the first player's user 11: the same as the player's own next id.
  await database.execute(
    "INSERT INTO users (id, name, email, password) VALUES (8, 'x', 'x@other.test', '-')",
  );
  await database.execute('INSERT INTO player (id, user_id) VALUES (10, 8)');
  expect(await seedDemo(database, { besideOthers: true })).toBeDefined();
  expect(await database.query('SELECT id FROM player WHERE id = user_id')).toEqual([]);
});

test('seeds levels, tiers and leaderboards by the platform’s rules', async () => {
  const database = await emptyDatabase();
  await seedDemo(database);
  const wrongLevels = await database.query(
    `SELECT p.id FROM player p JOIN level_config l ON l.level = p.level
     WHERE p.tier <> l.tier OR p.sub_rank <> l.sub_rank OR p.xp < l.xp_required
       OR p.xp >= COALESCE((SELECT xp_required FROM level_config n WHERE n.level = p.level + 1), 1e9)`,
  );
  expect(wrongLevels).toEqual([]);
  const [contest] = await database.query<{ counted: number; joined: number }>(
    `SELECT SUM(participant_count) AS counted, (SELECT COUNT(*) FROM contest_participant) AS joined FROM contest`,
  );
  expect(Number(contest?.counted)).toBe(contest?.joined);
  const ranks = await database.query<{ n: number }>(
    'SELECT COUNT(DISTINCT live_rank) AS n FROM v_contest_leaderboard WHERE contest_id = 3',
  );
  expect(ranks).toEqual([{ n: 8 }]);
});

test('adds nothing when it runs again, or in two processes at once', async () => {
  const database = await emptyDatabase();
  const [first, second] = await Promise.all([seedDemo(database), seedDemo(database)]);
  expect(second).toEqual(first);
  const before = await counts(database);
  expect(await seedDemo(database)).toEqual(first);
  expect(await counts(database)).toEqual(before);
  expect(before).toMatchObject({ users: 10, player: 8, problem: 8, contest: 3, level_config: 30 });
});

test('makes a contest live again whose time has passed', async () => {
  const database = await emptyDatabase();
  const demo = await seedDemo(database);
  await database.execute(
    "UPDATE contest SET status = 'ENDED', end_time = '2020-01-01 00:00:00' WHERE status = 'LIVE'",
  );
  expect(await seedDemo(database)).toEqual(demo);
  const [contest] = await database.query<{ hoursLeft: number }>(
    "SELECT TIMESTAMPDIFF(HOUR, UTC_TIMESTAMP(), end_time) AS hoursLeft FROM contest WHERE status = 'LIVE'",
  );
  expect(contest?.hoursLeft).toBeGreaterThan(100);
});

test('leaves a database with other users unchanged', async () => {
  const database = await emptyDatabase();
  await createUser(database, { name: 'Somebody' });
  const before = await counts(database);
  expect(await seedDemo(database)).toBeUndefined();
  expect(await counts(database)).toEqual(before);
});

test('gives demo users a password that cannot be entered', async () => {
  const database = await emptyDatabase();
  await seedDemo(database);
  const rows = await database.query<{ email: string; password: string }>('SELECT email, password FROM users');
  for (const { email, password } of rows) {
    expect(email).toMatch(new RegExp(`^[a-z.]+@${DEMO_DOMAIN}$`));
    expect(password).toBe('!');
  }
});

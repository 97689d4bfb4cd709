import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Database } from '../../src/db/database.ts';
import { migrate } from '../../src/migrate/migrate.ts';
import { createTestDatabase, type TestDatabase } from '../support/database/database.ts';
import { createContest, createPlayer, createProblem, joinContest } from '../support/database/platform.ts';
import { describeSchema } from '../support/database/schema-description.ts';

let made: TestDatabase;
let database: Database;

beforeEach(async () => {
  made = await createTestDatabase({ migrated: false });
  database = made.database;
});

afterEach(() => made.drop());

const PLATFORMS = [
  `CREATE TABLE users (id BIGINT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(100) NOT NULL, email VARCHAR(150) UNIQUE,
    password VARCHAR(255), role ENUM('PLAYER','ADMIN','COMPANY') DEFAULT 'PLAYER', profile_picture VARCHAR(512),
    status ENUM('ACTIVE','DORMANT','BANNED','SUSPENDED') DEFAULT 'ACTIVE', phone VARCHAR(20)) CHARSET=latin1`,
  `CREATE TABLE player (id BIGINT PRIMARY KEY AUTO_INCREMENT, user_id BIGINT NOT NULL UNIQUE, xp BIGINT DEFAULT 0,
    global_rank INT, level SMALLINT DEFAULT 1, tier ENUM('BRONZE','SILVER','GOLD') DEFAULT 'BRONZE',
    sub_rank VARCHAR(20), FOREIGN KEY (user_id) REFERENCES users (id)) CHARSET=latin1`,
  `CREATE TABLE level_config (level SMALLINT PRIMARY KEY, xp_required INT, tier ENUM('BRONZE','SILVER','GOLD'),
    sub_rank VARCHAR(20), xp_to_next INT) CHARSET=latin1`,
];

/** The definitions of the tables as the server describes them, with their rows' number. */
async function snapshot(tables: readonly string[]): Promise<unknown[]> {
  const found: unknown[] = [];
  for (const table of tables) {
    found.push(await database.query(`SHOW CREATE TABLE ${table}`));
    found.push(await database.query(`SELECT * FROM ${table}`));
  }
  return found;
}

describe('The platform’s tables', () => {
  test('are created where they are missing, and hold what the platform writes', async () => {
    await migrate(database);
    const { playerId, userId } = await createPlayer(database, { name: 'Ada', tier: 'SILVER' });
    const contestId = await createContest(database, { problems: [await createProblem(database)] });
    await joinContest(database, { contestId, playerId, finalRating: 99.5 });
    expect(playerId).not.toBe(userId);
    expect(
      await database.query('SELECT player_id, final_rating, final_rank FROM contest_participant'),
    ).toEqual([{ player_id: playerId, final_rating: '99.50', final_rank: null }]);
    await expect(joinContest(database, { contestId, playerId })).rejects.toMatchObject({ errno: 1062 });
  });

  test('have thirty levels with the platform’s points', async () => {
    await migrate(database);
    const levels = await database.query<{ level: number; xp: number; tier: string; next: number }>(
      'SELECT level, xp_required AS xp, tier, xp_to_next AS next FROM level_config ORDER BY level',
    );
    expect(levels).toHaveLength(30);
    const at = (level: number) => levels.find((row) => row.level === level);
    expect(at(1)).toMatchObject({ xp: 0, tier: 'BRONZE' });
    expect(at(2)).toMatchObject({ xp: 300, tier: 'BRONZE' });
    expect(at(10)).toMatchObject({ tier: 'BRONZE' });
    expect(at(11)).toMatchObject({ xp: 7600, tier: 'SILVER' });
    expect(at(21)).toMatchObject({ xp: 31_800, tier: 'GOLD' });
    expect(at(30)).toMatchObject({ xp: 76_800, tier: 'GOLD', next: 0 });
    for (const [index, row] of levels.slice(1).entries()) {
      const before = levels[index];
      expect(row.xp).toBe((before?.xp ?? 0) + (before?.next ?? 0));
    }
  });

  test('stay as they are where they exist, empty or not', async () => {
    for (const sql of PLATFORMS) await database.execute(sql);
    await database.execute("INSERT INTO users (name, email) VALUES ('Ada', 'ada@example.test')");
    const before = await snapshot(['users', 'player', 'level_config']);
    const { created } = await migrate(database);
    expect(created).toEqual([
      'problem',
      'contest',
      'contest_participant',
      'submission',
      'xp_ledger',
      'announcement',
    ]);
    expect(await snapshot(['users', 'player', 'level_config'])).toEqual(before);
    expect(await migrate(database)).toMatchObject({ applied: [], created: [] });
  });

  test('are used without foreign keys where their ids have another type', async () => {
    await database.execute(
      `CREATE TABLE users (id INT UNSIGNED PRIMARY KEY AUTO_INCREMENT, name VARCHAR(100), email VARCHAR(150),
        password VARCHAR(255), role ENUM('PLAYER','ADMIN','COMPANY'), profile_picture VARCHAR(512),
        status VARCHAR(20))`,
    );
    const { created } = await migrate(database);
    expect(created).toContain('player');
    const { references } = await describeSchema(database);
    expect(references).not.toContainEqual(expect.objectContaining({ REFERENCED_TABLE_NAME: 'users' }));
    expect(references).toContainEqual(expect.objectContaining({ REFERENCED_TABLE_NAME: 'player' }));
  });

  test('stop the migration where only their names match, and the error names the missing columns', async () => {
    await database.execute('CREATE TABLE users (id BIGINT PRIMARY KEY, name VARCHAR(100), role VARCHAR(10))');
    await expect(migrate(database)).rejects.toThrow('users lacks profile_picture, status');
  });
});

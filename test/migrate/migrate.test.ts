import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Database, openDatabase } from '../../src/db/database.ts';
import { readMigrations } from '../../src/db/migration-files.ts';
import { lockName } from '../../src/db/named-lock.ts';
import { migrate } from '../../src/migrate/migrate.ts';
import { createTestDatabase, type TestDatabase } from '../support/database/database.ts';
import { describeSchema } from '../support/database/schema-description.ts';

let made: TestDatabase;
let database: Database;

beforeEach(async () => {
  made = await createTestDatabase({ migrated: false });
  database = made.database;
});

afterEach(() => made.drop());

describe('A migration', () => {
  test('of an empty database creates everything, and reports what it did', async () => {
    const lines: string[] = [];
    const report = await migrate(database, { log: (line) => lines.push(line) });
    expect(report.applied).toEqual(readMigrations().map(({ name }) => name));
    expect(report.created).toContain('contest_participant');
    expect(lines).toHaveLength(report.applied.length + 1);
  });

  test('that is repeated changes nothing', async () => {
    await migrate(database);
    const before = await describeSchema(database);
    const [head] = await database.query('SELECT * FROM log_head');
    expect(await migrate(database)).toEqual({
      applied: [],
      created: [],
      renamed: [],
      restored: [],
      adopted: [],
    });
    expect(await describeSchema(database)).toEqual(before);
    expect(await database.query('SELECT * FROM log_head')).toEqual([head]);
  });

  test('on several nodes at once runs on one of them', async () => {
    const nodes = Array.from({ length: 4 }, () => openDatabase({ url: made.url }));
    const reports = await Promise.all(nodes.map((node) => migrate(node)));
    expect(reports.filter(({ applied }) => applied.length > 0)).toHaveLength(1);
    await Promise.all(nodes.map((node) => node.close()));
  });

  test('waits for another one that is running', async () => {
    const other = await database.connect();
    await other.query('DO GET_LOCK(?, 0)', [lockName(database.name, 'migrate')]);
    const migrated = migrate(database);
    await expect
      .poll(() =>
        database.query(
          "SELECT 1 FROM information_schema.PROCESSLIST WHERE STATE LIKE 'User lock' AND DB = ?",
          [database.name],
        ),
      )
      .not.toEqual([]);
    other.destroy();
    expect((await migrated).applied).not.toEqual([]);
  });

  test('creates an empty log with a new epoch', async () => {
    await migrate(database);
    expect(await database.query('SELECT id, head, epoch FROM log_head')).toEqual([
      { id: 1, head: 0, epoch: expect.stringMatching(/^[a-z0-9]{4}$/) },
    ]);
    expect(await database.query('SELECT DISTINCT tail, COUNT(*) OVER () AS n FROM log_tail')).toEqual([
      { tail: 1, n: 6 },
    ]);
  });

  test('refuses a database that a newer version has migrated, and changes nothing', async () => {
    await migrate(database);
    await database.execute(
      "INSERT INTO live_migration (name, hash, started_at) VALUES ('9999_later', '-', UTC_TIMESTAMP(3))",
    );
    await expect(migrate(database)).rejects.toThrow(
      'newer than this version of codecraft-live: it has 9999_later',
    );
  });

  test('refuses to continue what another version has begun', async () => {
    await migrate(database);
    await database.execute(
      "UPDATE live_migration SET hash = '-', finished_at = NULL, done = 0 WHERE name = '0000_log'",
    );
    await expect(migrate(database)).rejects.toThrow('0000_log was begun by another version');
  });

  test('names the statement that failed, and the cause', async () => {
    await database.execute('CREATE TABLE v_active_sessions (id INT)');
    await expect(migrate(database)).rejects.toThrow(
      /0002_views, statement 2 of 2, failed: .*v_active_sessions/,
    );
    await database.execute('DROP TABLE v_active_sessions');
    expect((await migrate(database)).applied.slice(0, 2)).toEqual(['0002_views', '0003_procedures']);
  });

  test.each(['notification', 'activity_log'])(
    'stops before any change where a %s is that is neither the Socket.IO generation’s nor ours',
    async (table) => {
      await database.execute(`CREATE TABLE ${table} (id BIGINT PRIMARY KEY, player_id BIGINT NOT NULL)`);
      await expect(migrate(database)).rejects.toThrow(`a table ${table} that codecraft-live did not make`);
      expect(await database.query('SHOW TABLES')).toHaveLength(1);
    },
  );
});

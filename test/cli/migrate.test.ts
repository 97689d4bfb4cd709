import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Database } from '../../src/db/database.ts';
import { readMigrations } from '../../src/db/migration-files.ts';
import { PLATFORM_TABLES } from '../../src/platform/tables/definitions.ts';
import { createTestDatabase, type TestDatabase } from '../support/database/database.ts';
import { createPlayer } from '../support/database/platform.ts';
import { describeSchema } from '../support/database/schema-description.ts';
import { createPlatformTables, createSocketIoTables, notifyOld } from '../support/database/socketio.ts';
import { environment } from '../support/service.ts';
import { run } from './command.ts';

/** The tables of the Socket.IO generation, with three notifications of one player. */
async function fillSocketIoTables(database: Database): Promise<void> {
  await createPlatformTables(database);
  const { playerId } = await createPlayer(database);
  await createSocketIoTables(database);
  for (let n = 0; n < 3; n += 1) await notifyOld(database, { player_id: playerId });
}

test('an empty database is migrated once, and each time it is said what was done', async () => {
  const { url, database, drop } = await createTestDatabase({ migrated: false });
  onTestFinished(drop);
  const first = await run(['migrate', '--url', url]);
  expect(first.code).toBe(0);
  expect(first.out).toMatch(
    new RegExp(
      `^\\w+ on (MariaDB|MySQL) [\\d.]+ is up to date now: ${readMigrations().length} migrations applied and ${PLATFORM_TABLES.length} tables`,
    ),
  );
  expect(first.err).toContain('applied 0000_');
  expect(await database.query('SELECT head FROM log_head')).toEqual([{ head: 0 }]);
  const second = await run(['migrate'], { env: environment(url) });
  expect(second).toMatchObject({ code: 0, err: '', out: expect.stringContaining('there was nothing to do') });
});

test('a database that cannot be migrated is reported in a sentence, without its password', async () => {
  const { url, database, drop } = await createTestDatabase({ migrated: false });
  onTestFinished(drop);
  await database.execute('CREATE TABLE users (id INT PRIMARY KEY)');
  const { code, err } = await run(['migrate', '--url', url]);
  expect(code).toBe(1);
  expect(err).toMatch(/^error: This database has tables with the names of the platform's.*users lacks/);

  const away = await run(['migrate', '--url', 'mysql://root:geheim@127.0.0.1:9/x']);
  expect(away).toEqual({
    code: 1,
    out: '',
    err: 'error: The database cannot be reached: nothing listens there.\n',
  });
});

test('what is no address of a database is refused', async () => {
  for (const url of ['geheim', 'http://root:geheim@db/x', 'mysql://root:geheim@db']) {
    const { code, err } = await run(['migrate', '--url', url]);
    expect(code).toBe(2);
    expect(err).toContain('database URL');
    expect(err).not.toContain('geheim');
  }
});

describe('migrate --plan', () => {
  async function unmigrated(): Promise<TestDatabase> {
    const made = await createTestDatabase({ migrated: false });
    onTestFinished(made.drop);
    return made;
  }

  /** What it says, in lines; the database must be the same afterwards. */
  async function plan({ url, database }: TestDatabase): Promise<string[]> {
    const before = await describeSchema(database);
    const { code, out, err } = await run(['migrate', '--plan', '--url', url]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(await describeSchema(database)).toEqual(before);
    return out.trim().split('\n');
  }

  const PLATFORM =
    'users, player, level_config, problem, contest, contest_participant, submission, xp_ledger and announcement';

  test('reports what would be made in an empty database', async () => {
    const made = await unmigrated();
    expect(await plan(made)).toEqual([
      expect.stringMatching(/^\w+ on (MariaDB|MySQL) [\d.]+ is empty\. It would be migrated so:$/),
      `1. Create what is missing of the platform’s tables: ${PLATFORM}.`,
      expect.stringMatching(/^2\. Apply 0000_log, .* and \d{4}_\w+\.$/),
      'Nothing was changed.',
    ]);
  });

  test('reports what would be added to the platform’s database', async () => {
    const made = await unmigrated();
    await createPlatformTables(made.database);
    await made.database.execute('DROP TABLE xp_ledger');
    const [start, ...steps] = await plan(made);
    expect(start).toContain('has the platform’s tables and none of ours.');
    expect(steps).toEqual([
      '1. Create what is missing of the platform’s tables: xp_ledger.',
      expect.stringContaining('2. Apply 0000_log'),
      'Nothing was changed.',
    ]);
  });

  test('reports what of the Socket.IO generation would be renamed, replaced and copied', async () => {
    const made = await unmigrated();
    const { database, url } = made;
    await fillSocketIoTables(database);
    const [start, ...steps] = await plan(made);
    expect(start).toContain('has tables of the platform’s Socket.IO generation.');
    expect(steps).toEqual([
      '1. Write down the view v_contest_leaderboard, the view v_active_sessions, the procedure sp_log_activity, the procedure sp_create_notification, the procedure sp_register_websocket_session, the procedure sp_disconnect_websocket_session, the procedure sp_get_unbroadcasted_activities and the procedure sp_mark_activities_broadcasted in socketio_definition: they will be replaced by ours of the same names.',
      '2. Rename notification to socketio_notification (3 rows), activity_log to socketio_activity_log (0 rows) and websocket_session to socketio_websocket_session (0 rows). A Socket.IO layer that is still loaded goes on working.',
      expect.stringContaining('3. Apply 0000_log'),
      '4. Copy 3 rows of socketio_notification to the inboxes of their players, with what was read. The table stays as it is.',
      '5. Copy 0 rows of socketio_activity_log to activity_log, under the ids they have. The table stays as it is.',
      'Nothing was changed.',
    ]);
    const done = await run(['migrate', '--url', url]);
    expect(done.out).toContain(
      '3 tables of the Socket.IO generation renamed, 3 rows of socketio_notification taken over and 0 rows',
    );
    expect(await plan(made)).toEqual([
      expect.stringContaining('is up to date: there would be nothing to do.'),
    ]);
  });

  test('reports what is left of one that was stopped half-way', async () => {
    const made = await unmigrated();
    const { database, url } = made;
    await fillSocketIoTables(database);
    await run(['migrate', '--url', url]);
    await database.execute(
      "UPDATE live_adoption SET copied_through = 2, finished_at = NULL WHERE source = 'socketio_notification'",
    );
    await database.execute(
      "UPDATE live_migration SET done = 1, finished_at = NULL WHERE name = '0002_views'",
    );
    expect((await plan(made)).slice(1)).toEqual([
      '1. Apply 0002_views from statement 2 of 2 on.',
      '2. Copy 1 row of socketio_notification to the inboxes of their players, with what was read. The table stays as it is.',
      'Nothing was changed.',
    ]);
  });

  test('names what prevents it, as a migration would', async () => {
    const { database, url } = await unmigrated();
    await database.execute('CREATE TABLE notification (id INT PRIMARY KEY)');
    const { code, err } = await run(['migrate', '--plan', '--url', url]);
    expect(code).toBe(1);
    expect(err).toContain('a table notification that codecraft-live did not make');
    expect(await database.query('SHOW TABLES')).toHaveLength(1);
  });

  test('makes no database where there is none', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'codecraft-plan-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    const { code, out } = await run(['migrate', '--plan'], { env: { DATA_DIR: directory } });
    expect(code).toBe(0);
    expect(out).toContain('There is no database yet');
    expect(await readdir(directory)).toEqual([]);
  });
});

import { describe, expect, inject, onTestFinished, test } from 'vitest';
import type { Database } from '../../src/db/database.ts';
import { checkSchemaAndTriggers } from '../../src/migrate/check.ts';
import { migrate } from '../../src/migrate/migrate.ts';
import { inspectTriggers } from '../../src/platform/triggers/inspect.ts';
import { installTriggers } from '../../src/platform/triggers/install.ts';
import { uninstallTriggers } from '../../src/platform/triggers/uninstall.ts';
import { run } from '../cli/command.ts';
import { createTestDatabase, type TestDatabase } from '../support/database/database.ts';
import { dumpDatabase, restoreDatabase } from '../support/database/dump.ts';
import { createPlayer } from '../support/database/platform.ts';
import { createPlatformTables, createSocketIoTables } from '../support/database/socketio.ts';
import { environment } from '../support/service.ts';

async function createDatabase(migrated: boolean): Promise<TestDatabase> {
  const made = await createTestDatabase({ migrated });
  onTestFinished(() => made.drop());
  return made;
}

/** Puts a copy in a table's place and keeps the old one, as gh-ost does, and pt-online-schema-change with `--no-drop-old-table`. */
async function swap(database: Database, table: string): Promise<void> {
  await database.execute(`CREATE TABLE _${table}_gho LIKE ${table}`);
  await database.execute(`INSERT INTO _${table}_gho SELECT * FROM ${table}`);
  await database.execute(`RENAME TABLE ${table} TO _${table}_del, _${table}_gho TO ${table}`);
}

const announce = (database: Database) =>
  database.execute(
    "INSERT INTO announcement (created_by, title, message, type, is_active) SELECT id, 'T', 'M', 'INFO', 1 FROM users LIMIT 1",
  );

const published = async (database: Database) =>
  (await database.query('SELECT type FROM event_outbox')).length;

describe('A table that was replaced by a copy', () => {
  test.each([true, false])(
    'has lost its triggers, which `install` brings back (old table kept: %s)',
    async (kept) => {
      const { database, url } = await createDatabase(true);
      await createPlayer(database);
      await installTriggers(database);
      await swap(database, 'announcement');
      if (!kept) await database.execute('DROP TABLE _announcement_del');

      await announce(database);
      expect(await published(database)).toBe(0);
      const status = await run(['platform', 'status', '--url', url]);
      expect(status.code).toBe(1);
      expect(status.out).toMatch(new RegExp(`${kept ? 'displaced' : 'missing'} +insert of announcement`));
      const sentence = /On the platform's tables: \d triggers missing/;
      expect((await run(['doctor'], { env: environment(url, { PORT: '9' }) })).out).toMatch(sentence);
      expect(await checkSchemaAndTriggers(database)).toEqual([expect.stringMatching(sentence)]);

      expect((await run(['platform', 'install', '--url', url])).code).toBe(0);
      expect((await run(['platform', 'status', '--url', url])).code).toBe(0);
      expect(await checkSchemaAndTriggers(database)).toEqual([]);
      await announce(database);
      expect(await published(database)).toBe(1);
    },
  );

  test('leaves no trigger behind when they are uninstalled', async () => {
    const { database } = await createDatabase(true);
    await installTriggers(database);
    await swap(database, 'announcement');
    await uninstallTriggers(database);
    const { states } = await inspectTriggers(database);
    expect(new Set(states.map(({ state }) => state))).toEqual(new Set(['missing']));
    expect(await database.query('SHOW TRIGGERS')).toEqual([]);
  });
});

// The dump is that of MariaDB's client.
describe.runIf(inject('databaseKind') === 'mariadb')(
  'A dump that is restored into another database',
  { timeout: 240_000 },
  () => {
    async function createSource(): Promise<TestDatabase> {
      const made = await createDatabase(false);
      await createPlatformTables(made.database);
      await createSocketIoTables(made.database);
      await migrate(made.database);
      await createPlayer(made.database);
      await installTriggers(made.database);
      await announce(made.database);
      return made;
    }

    test('has everything, with routines and triggers', async () => {
      const source = await createSource();
      const target = await createDatabase(false);
      await restoreDatabase(target.url, await dumpDatabase(source.url, ['--routines', '--triggers']));
      const { database, url } = target;
      expect(await published(database)).toBe(1);
      const lines: string[] = [];
      await migrate(database, { log: (line) => lines.push(line) });
      expect(lines).toEqual([]);
      expect(await checkSchemaAndTriggers(database)).toEqual([]);
      expect((await run(['platform', 'status', '--url', url])).code).toBe(0);
      await announce(database);
      expect(await published(database)).toBe(2);
      await database.execute("INSERT INTO event_outbox (type, payload) VALUES ('LEVEL_UP', '{}')");
    });

    test('gets what it lacks from `migrate` and `install`, the old signatures included', async () => {
      const source = await createSource();
      const target = await createDatabase(false);
      await restoreDatabase(target.url, await dumpDatabase(source.url, ['--skip-triggers']));
      const { database, url } = target;
      expect((await run(['platform', 'status', '--url', url])).code).toBe(1);
      await announce(database);
      expect(await published(database)).toBe(1);
      expect((await migrate(database)).restored).toContain('sp_log_activity');
      await database.execute("CALL sp_log_activity(1, 'LEVEL_UP', NULL, NULL, NULL, NULL, @id)");
      expect((await run(['platform', 'install', '--url', url])).code).toBe(0);
      expect(await checkSchemaAndTriggers(database)).toEqual([]);
      await announce(database);
      expect(await published(database)).toBe(2);
    });
  },
);

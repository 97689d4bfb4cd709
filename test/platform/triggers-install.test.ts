import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { checkTriggers } from '../../src/cli/doctor/triggers.ts';
import { type Database, openDatabase } from '../../src/db/database.ts';
import { TRIGGERS } from '../../src/platform/triggers/all.ts';
import { installTriggers } from '../../src/platform/triggers/install.ts';
import { readInstalled } from '../../src/platform/triggers/installed.ts';
import { createStatement, triggerName } from '../../src/platform/triggers/trigger.ts';
import { uninstallTriggers } from '../../src/platform/triggers/uninstall.ts';
import { createAccount, type TestAccount } from '../support/database/account.ts';
import { createTestDatabase, onServer, type TestDatabase } from '../support/database/database.ts';
import { createPlayer } from '../support/database/platform.ts';
import { openPlatformSession, takeOutbox } from '../support/database/platform-session.ts';
import { until } from '../support/until.ts';

let made: TestDatabase;
let database: Database;

beforeEach(async () => {
  made = await createTestDatabase();
  database = made.database;
});

afterEach(() => made.drop());

const names = async () =>
  (
    await database.query<{ name: string }>(
      'SELECT TRIGGER_NAME AS name FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()',
    )
  ).map(({ name }) => name);
const states = async () => (await readInstalled(database)).states.map(({ state }) => state);
const ours = TRIGGERS.map(triggerName);
const advanced = ours.find((name) => name.startsWith('live_player_advanced_')) as string;

test('triggers are installed once, and dropped again', async () => {
  expect(new Set(await states())).toEqual(new Set(['missing']));
  const { made: first } = await installTriggers(database);
  expect(first).toEqual(TRIGGERS);
  expect(new Set(await states())).toEqual(new Set(['installed']));
  expect(await names()).toHaveLength(TRIGGERS.length);

  expect(await installTriggers(database)).toEqual({ made: [], dropped: [] });
  await database.execute(`DROP TRIGGER ${advanced}`);
  expect((await installTriggers(database)).made.map(triggerName)).toEqual([advanced]);

  expect(new Set(await uninstallTriggers(database))).toEqual(new Set(ours));
  expect(await names()).toEqual([]);
  expect(await uninstallTriggers(database)).toEqual([]);
  await createPlayer(database);
  await database.execute('UPDATE player SET level = 2');
  expect(await takeOutbox(database)).toEqual([]);
});

test('concurrent installations create each trigger once', async () => {
  const [one, two] = await Promise.all([installTriggers(database), installTriggers(database)]);
  expect(one.made.length + two.made.length).toBe(TRIGGERS.length);
  expect(await names()).toHaveLength(TRIGGERS.length);
});

test('foreign triggers on the same tables stay, and run as before', async () => {
  await database.execute('CREATE TABLE audit (what VARCHAR(40))');
  const foreign = [
    'audit_player',
    'live_player_advanced',
    'live_player_advanced_0badcafe1',
    'live_else_0badcafe',
  ];
  for (const name of foreign)
    await database.execute(
      `CREATE TRIGGER ${name} AFTER UPDATE ON player FOR EACH ROW INSERT INTO audit VALUES ('${name}')`,
    );
  await createPlayer(database);
  await installTriggers(database);
  await database.execute('UPDATE player SET level = 2');
  expect(await database.query('SELECT what FROM audit')).toEqual(foreign.map((what) => ({ what })));
  expect(await takeOutbox(database)).toHaveLength(1);
  await uninstallTriggers(database);
  expect(new Set(await names())).toEqual(new Set(foreign));
});

test('triggers of another version are outdated, and are replaced', async () => {
  await installTriggers(database);
  const old = 'live_player_advanced_0badcafe';
  await database.execute(`CREATE TRIGGER ${old} AFTER UPDATE ON player FOR EACH ROW SET @before = 1`);
  expect(await readInstalled(database)).toMatchObject({ superseded: [old] });
  await database.execute(`DROP TRIGGER ${advanced}`);
  expect((await states()).filter((state) => state !== 'installed')).toEqual(['outdated']);
  const { made: again, dropped } = await installTriggers(database);
  expect({ again: again.map(triggerName), dropped }).toEqual({ again: [advanced], dropped: [old] });
  expect(new Set(await names())).toEqual(new Set(ours));

  await database.execute(`CREATE TRIGGER ${old} AFTER UPDATE ON player FOR EACH ROW SET @before = 1`);
  await uninstallTriggers(database);
  expect(await names()).toEqual([]);
});

test('no write of the platform is missed while triggers are replaced', async () => {
  await installTriggers(database);
  const current = TRIGGERS.find(({ piece }) => piece === 'player_advanced');
  if (current === undefined) throw new Error('there is no such trigger');
  // The version before: the same under another name.
  await database.execute(createStatement(current).replace(advanced, 'live_player_advanced_0badcafe'));
  await database.execute(`DROP TRIGGER ${advanced}`);
  let over = false;
  let written = 0;
  const writing = Array.from({ length: 3 }, async () => {
    const { playerId } = await createPlayer(database);
    const platform = await openPlatformSession(made.url);
    for (let level = 2; level < 900 && !over; level++) {
      await platform.run('UPDATE player SET level = ? WHERE id = ?', [level, playerId]);
      written += 1;
    }
    platform.close();
  });
  const writes = (count: number) => vi.waitUntil(() => written >= count, { interval: 1 });
  await writes(10);
  await installTriggers(database);
  await writes(written + 10);
  over = true;
  await Promise.all(writing);
  expect(new Set((await takeOutbox(database)).map(({ key }) => key)).size).toBe(written);
});

test('any change of a trigger changes its name', () => {
  const [trigger] = TRIGGERS;
  if (trigger === undefined) throw new Error('there are no triggers');
  expect(triggerName({ ...trigger, body: `${trigger.body} ` })).not.toBe(triggerName(trigger));
  expect(triggerName({ ...trigger, table: 'player' })).not.toBe(triggerName(trigger));
  expect(new Set(ours).size).toBe(TRIGGERS.length);
  for (const name of ours) expect(name).toMatch(/^live_[a-z_]{1,50}_[0-9a-f]{8}$/);
});

describe('Installation is refused without any change where', () => {
  test.each([
    [
      'columns are missing',
      'ALTER TABLE contest DROP COLUMN leaderboard_frozen, DROP COLUMN participant_count',
      'contest lacks participant_count, leaderboard_frozen',
    ],
    ['a table is missing', 'DROP TABLE announcement', 'there is no table announcement'],
    ['our schema is missing', 'DROP TABLE event_outbox', 'run `codecraft-live migrate` first'],
  ])('%s', async (_, sql, sentence) => {
    if (sql.includes('contest DROP')) await database.execute('DROP VIEW v_contest_leaderboard');
    await database.execute(sql);
    await expect(installTriggers(database)).rejects.toMatchObject({
      name: 'TriggerError',
      message: expect.stringContaining(sentence),
    });
    expect(await names()).toEqual([]);
  });

  test('a table is a view', async () => {
    await database.execute('RENAME TABLE announcement TO announcements');
    await database.execute('CREATE VIEW announcement AS SELECT * FROM announcements');
    await expect(installTriggers(database)).rejects.toThrow('views have no triggers');
    expect(await names()).toEqual([]);
  });
});

describe('while a transaction of the platform uses one of the tables', () => {
  const patience = { patienceMs: 3_000 };

  /** A transaction on the table whose triggers come last. */
  async function longTransaction() {
    const long = await openPlatformSession(made.url);
    await long.run('START TRANSACTION');
    await long.run(`SELECT 1 FROM ${TRIGGERS.at(-1)?.table} LIMIT 1`);
    return long;
  }

  test('an installation is given up as a whole', async () => {
    const long = await longTransaction();
    await expect(installTriggers(database, patience)).rejects.toThrow('Nothing was changed');
    long.close();
    expect(await names()).toEqual([]);
  });

  test('a removal is given up as a whole, and the triggers work as before', async () => {
    await installTriggers(database);
    const long = await longTransaction();
    await expect(uninstallTriggers(database, patience)).rejects.toThrow('Nothing was changed');
    long.close();
    expect(new Set(await names())).toEqual(new Set(ours));
    expect(new Set(await states())).toEqual(new Set(['installed']));
    const { playerId } = await createPlayer(database);
    await database.execute('UPDATE player SET level = 2 WHERE id = ?', [playerId]);
    expect((await takeOutbox(database)).map(({ key }) => key)).toContain(`level-up:${playerId}:2`);
  });

  test.each([
    ['an installation', installTriggers, ours],
    ['a removal', uninstallTriggers, []],
  ])(
    '%s goes on when that is over, and the platform writes between its attempts',
    async (_, change, after) => {
      const { playerId } = await createPlayer(database);
      if (change === uninstallTriggers) await installTriggers(database);
      const long = await openPlatformSession(made.url);
      onTestFinished(() => long.close());
      await long.run('START TRANSACTION');
      await long.run('SELECT 1 FROM player LIMIT 1');
      const platform = await openPlatformSession(made.url);
      onTestFinished(() => platform.close());
      const changing = change(database);
      await until(() => isWaiting('TRIGGER'));
      for (let xp = 1; xp <= 5; xp += 1) {
        await platform.run('UPDATE player SET xp = ? WHERE id = ?', [xp, playerId]);
        await until(() => isWaiting('TRIGGER'));
      }
      await long.run('COMMIT');
      await changing;
      expect(new Set(await names())).toEqual(new Set(after));
    },
  );

  async function isWaiting(what: string): Promise<boolean> {
    const rows = await database.query(
      "SELECT 1 FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND STATE LIKE 'Waiting for table%' AND INFO LIKE ?",
      [`%${what}%`],
    );
    return rows.length > 0;
  }
});

describe('An account that', () => {
  let account: Database;
  let user: string;
  let grant: TestAccount['grant'];
  let drop: TestAccount['drop'];

  beforeEach(async () => {
    const created = await createAccount(made, 'SELECT');
    ({ user, grant, drop } = created);
    account = openDatabase({ url: created.url, poolSize: 1, acquireTimeoutMs: 20_000 });
  });

  afterEach(async () => {
    await account.close();
    await drop();
  });

  /** Whether the server, where it writes a binary log, lets accounts without SUPER make triggers. */
  const trusting = (yes: 0 | 1) =>
    onServer((connection) => connection.query(`SET GLOBAL log_bin_trust_function_creators = ${yes}`));

  test('lacks rights gets an error that names them; with these alone the triggers work', async () => {
    await trusting(1);
    const needed = 'TRIGGER and SELECT on the platform';
    await expect(installTriggers(account)).rejects.toThrow(needed);
    for (const table of ['event_outbox', 'announcement_expiry']) await grant('INSERT', table);
    for (const table of ['contest_freeze', 'frozen_player', 'frozen_score'])
      await grant('INSERT, UPDATE', table);
    await expect(installTriggers(account)).rejects.toThrow(needed);
    expect(await names()).toEqual([]);
    await grant('TRIGGER', '*');
    await installTriggers(account);
    expect((await readInstalled(database)).definers).toEqual([`${user}@%`]);
    await createPlayer(database, { name: 'Ada' });
    await database.execute('UPDATE player SET level = 2');
    expect(await takeOutbox(database)).toMatchObject([{ type: 'LEVEL_UP', data: { playerName: 'Ada' } }]);
    const revoke = () =>
      onServer((connection) =>
        connection.query(`REVOKE INSERT ON ${database.name}.event_outbox FROM '${user}'@'%'`),
      );
    expect(await checkTriggers(account)).toMatchObject([{ level: 'good' }]);
    await revoke();
    expect(await checkTriggers(account)).toEqual([
      { level: 'wrong', text: expect.stringMatching(/lacks one, .*: INSERT command denied .*event_outbox/) },
    ]);
    await uninstallTriggers(account);
    expect(await names()).toEqual([]);
  });

  test('has its rights from a role can install only where triggers have them, too', async () => {
    const { kind } = await database.flavour();
    const role = `role_${process.pid}`;
    const run = (...statements: string[]) =>
      onServer(async (connection) => {
        for (const sql of statements) await connection.query(sql);
      });
    const all = `${database.name}.*`;
    await trusting(1);
    await run(
      `CREATE ROLE ${role}`,
      `GRANT TRIGGER, INSERT, UPDATE ON ${all} TO ${role}`,
      `GRANT ${role} TO '${user}'@'%'`,
      `SET DEFAULT ROLE ${role} ${kind === 'mariadb' ? 'FOR' : 'TO'} '${user}'@'%'`,
    );
    onTestFinished(() => run(`DROP ROLE ${role}`));
    await createPlayer(database);
    const installing = installTriggers(account);
    if (kind === 'mariadb') {
      await expect(installing).rejects.toThrow('those that a role gives do not count');
      expect(await names()).toEqual([]);
      await run(`GRANT INSERT, UPDATE ON ${all} TO '${user}'@'%'`);
      await expect(installTriggers(account)).rejects.toThrow('those that a role gives do not count');
      expect(await names()).toEqual([]);
    } else await installing;
    await database.execute('UPDATE player SET level = 2');

    await run(`GRANT TRIGGER, INSERT, UPDATE ON ${all} TO '${user}'@'%'`);
    await installTriggers(account);
    expect(await checkTriggers(account)).toMatchObject([{ level: 'good' }]);
    await run(`REVOKE TRIGGER ON ${all} FROM '${user}'@'%'`);
    expect(await checkTriggers(account)).toMatchObject([
      kind === 'mariadb'
        ? { level: 'wrong', text: expect.stringContaining('by a role alone') }
        : { level: 'good' },
    ]);
  });

  test('is not trusted with a binary log gets an error that names the remedy', async () => {
    const [row] = await database.query<{ log: number }>('SELECT @@GLOBAL.log_bin AS log');
    for (const table of ['event_outbox', 'announcement_expiry']) await grant('INSERT', table);
    for (const table of ['contest_freeze', 'frozen_player', 'frozen_score'])
      await grant('INSERT, UPDATE', table);
    await grant('TRIGGER', '*');
    await trusting(0);
    try {
      const installing = installTriggers(account);
      if (row?.log)
        await expect(installing).rejects.toThrow('SET GLOBAL log_bin_trust_function_creators = 1');
      else await installing;
    } finally {
      await trusting(1);
    }
  });
});

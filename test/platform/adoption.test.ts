import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Database, openDatabase } from '../../src/db/database.ts';
import { migrate } from '../../src/migrate/migrate.ts';
import { adoptTables } from '../../src/platform/adoption/adopt-tables.ts';
import { OLD_NOTIFICATIONS } from '../../src/platform/adoption/socketio-tables.ts';
import { CATALOGUE } from '../../src/protocol/catalogue.ts';
import type { EventType } from '../../src/protocol/event.ts';
import { createTestDatabase, type TestDatabase } from '../support/database/database.ts';
import { createPlayer } from '../support/database/platform.ts';
import { describeSchema } from '../support/database/schema-description.ts';
import { createPlatformTables, createSocketIoTables, notifyOld } from '../support/database/socketio.ts';

let made: TestDatabase;
let database: Database;

beforeEach(async () => {
  made = await createTestDatabase({ migrated: false });
  database = made.database;
});
afterEach(() => made.drop());

/** Report of a migration that had nothing to do. */
const UNCHANGED = { applied: [], created: [], renamed: [], adopted: [], restored: [] };

type Row = Partial<Record<'TABLE_NAME' | 'COLUMN_NAME' | 'INDEX_NAME' | 'ROUTINE_NAME', string>>;

const KEPT = ['socketio_notification', 'socketio_activity_log', 'socketio_websocket_session'];

/** What an adopted database has for a Socket.IO layer that is still loaded; its views have the old columns, too. */
const FOR_THE_OLD_LAYER = [
  'websocket_session',
  'notification.is_read',
  'notification.read_at',
  'notification.notification_is_read',
  'live_sp_log_activity',
  'live_sp_register_websocket_session',
  'v_active_sessions',
  'v_contest_leaderboard',
];

/** The schema without the tables that are kept, and without what is there for the old layer. */
async function schemaOf(of: Database): Promise<Record<string, unknown[]>> {
  const schema = await describeSchema(of);
  return Object.fromEntries(
    Object.entries(schema).map(([part, rows]) => [
      part,
      rows.filter((row) => {
        const {
          TABLE_NAME: table,
          COLUMN_NAME: column,
          INDEX_NAME: index,
          ROUTINE_NAME: routine,
        } = row as Row;
        if (String(table).startsWith('socketio_')) return false;
        const names = [table, routine, `${table}.${index ?? column}`];
        return !names.some((name) => FOR_THE_OLD_LAYER.includes(String(name)));
      }),
    ]),
  );
}

const log = () =>
  database.query<{
    id: number;
    scope: string;
    type: EventType;
    title: string;
    message: string;
    data: string;
    at: Date;
  }>(
    `SELECT id, event_id, scope, keep_class, type, inbox, player_id, title, message, data, created_at AS at
     FROM notification ORDER BY id`,
  );

const receipts = () =>
  database.query(
    'SELECT player_id, notification_id AS id, seen_at, read_at, archived_at FROM notification_receipt ORDER BY 2',
  );

const UTC = (text: string) => new Date(`${text.replace(' ', 'T')}Z`);

test('an empty database, the platform’s and one of the Socket.IO generation end with the same schema', async () => {
  const empty = await createTestDatabase();
  const expected = await schemaOf(empty.database);
  await empty.drop();

  const platform = await createTestDatabase({ migrated: false });
  await createPlatformTables(platform.database);
  await migrate(platform.database);
  expect(await schemaOf(platform.database)).toEqual(expected);
  await platform.drop();

  await createPlatformTables(database);
  await createSocketIoTables(database);
  await database.execute(
    `ALTER TABLE notification ADD CONSTRAINT whose FOREIGN KEY (player_id) REFERENCES player (id) ON DELETE CASCADE,
      ADD FOREIGN KEY (player_id) REFERENCES player (id)`,
  );
  await database.execute(
    'CREATE TRIGGER noted AFTER INSERT ON notification FOR EACH ROW SET @noted = NEW.id',
  );
  const report = await migrate(database);
  expect(report.renamed).toEqual(['notification', 'activity_log', 'websocket_session']);
  expect(await schemaOf(database)).toEqual(expected);
  const kept = await database.query<{ name: string }>(
    `SELECT TABLE_NAME AS name FROM information_schema.TABLES
     WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME LIKE 'socketio\\_%'`,
  );
  expect(new Set(kept.map(({ name }) => name))).toEqual(new Set([...KEPT, 'socketio_definition']));
});

test('old views and procedures are stored once, before ours replace them', async () => {
  await createPlatformTables(database);
  await createSocketIoTables(database);
  await migrate(database);
  await migrate(database);
  const kept = await database.query<{ kind: string; name: string; definition: string }>(
    'SELECT kind, name, definition FROM socketio_definition ORDER BY kind, name',
  );
  expect(kept.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
    'procedure sp_create_notification',
    'procedure sp_disconnect_websocket_session',
    'procedure sp_get_unbroadcasted_activities',
    'procedure sp_log_activity',
    'procedure sp_mark_activities_broadcasted',
    'procedure sp_register_websocket_session',
    'view v_active_sessions',
    'view v_contest_leaderboard',
  ]);
  expect(kept[0]?.definition).toContain('INSERT INTO notification (player_id, type, title, message, data)');
  expect(kept[6]?.definition).toMatch(/websocket_session/);
  expect(await database.query('SELECT * FROM v_active_sessions')).toEqual([]);
});

describe('Old notifications', () => {
  let ada: number;
  let bob: number;

  beforeEach(async () => {
    await createPlatformTables(database);
    ada = (await createPlayer(database, { name: 'Ada' })).playerId;
    bob = (await createPlayer(database, { name: 'Bob' })).playerId;
  });

  test('become rows of the log in order, with their times and receipts', async () => {
    await createSocketIoTables(database);
    await notifyOld(database, { player_id: ada, title: 'First', created_at: '2026-01-02 03:04:05' });
    await notifyOld(database, {
      player_id: bob,
      title: 'Second',
      is_read: true,
      created_at: '2026-01-03 03:04:05',
      read_at: '2026-01-04 03:04:05',
    });
    await notifyOld(database, {
      player_id: ada,
      title: 'Third é😀',
      is_read: true,
      created_at: '2026-01-01 03:04:05',
    });
    const { adopted } = await migrate(database);
    expect(adopted).toEqual([
      { source: 'socketio_notification', copied: 3, leftOut: 0 },
      { source: 'socketio_activity_log', copied: 0, leftOut: 0 },
    ]);
    const row = { keep_class: 'player', type: 'ANNOUNCEMENT', inbox: 1, message: 'Message' };
    expect(await log()).toMatchObject([
      { ...row, id: 1, event_id: 1, scope: `player:${ada}`, title: 'First', at: UTC('2026-01-02 03:04:05') },
      { ...row, id: 2, event_id: 2, scope: `player:${bob}`, title: 'Second', at: UTC('2026-01-03 03:04:05') },
      { ...row, id: 3, player_id: ada, title: 'Third é😀', at: UTC('2026-01-01 03:04:05') },
    ]);
    expect(await receipts()).toEqual([
      {
        player_id: bob,
        id: 2,
        seen_at: UTC('2026-01-04 03:04:05'),
        read_at: UTC('2026-01-04 03:04:05'),
        archived_at: null,
      },
      {
        player_id: ada,
        id: 3,
        seen_at: UTC('2026-01-01 03:04:05'),
        read_at: UTC('2026-01-01 03:04:05'),
        archived_at: null,
      },
    ]);
    expect(await database.query('SELECT head FROM log_head')).toEqual([{ head: 3 }]);
    expect(await database.query('SELECT DISTINCT tail FROM log_tail')).toEqual([{ tail: 1 }]);
  });

  test('keep their type where their data suffices, and become announcements otherwise', async () => {
    await createSocketIoTables(database);
    const json = (type: string, data: unknown) =>
      notifyOld(database, { player_id: ada, type, title: 'T', message: 'M', data: JSON.stringify(data) });
    await json('LEVEL_UP', {
      oldLevel: 11,
      newLevel: 12,
      xp: -1,
      tier: 'SILVER',
      playerId: 1,
      colour: 'red',
    });
    await json('LEVEL_UP', { old_level: 1, new_level: 2 });
    await json('LEVEL_UP', { newLevel: 12 });
    await json('RANK_CHANGE', { contestId: 3, oldRank: null, newRank: 2, contestTitle: 'Weekly' });
    await json('RANK_CHANGE', { contestId: 'three', newRank: 2 });
    await json('ACHIEVEMENT', { achievement: 'first-blood', name: 'First Blood' });
    await json('ACHIEVEMENT', { achievement: 'First Blood', name: 'First Blood' });
    await json('CONTEST_START', { contestId: 3, contestTitle: 'Weekly' });
    await json('CONTEST_START', [3]);
    await json('LEADERBOARD_UPDATE', { contestId: 3 });
    await json('ANNOUNCEMENT', { severity: 'WARNING' });
    await migrate(database);
    const announcement = { title: 'T', message: 'M', severity: 'INFO', playerId: ada };
    const rows = (await log()).map(({ type, title, message, data }) => {
      expect({ title, message }).toEqual({ title: 'T', message: 'M' });
      const parsed = JSON.parse(data);
      expect(CATALOGUE[type].schema.safeParse(parsed).data).toEqual(parsed);
      return [type, parsed];
    });
    expect(rows).toEqual([
      ['LEVEL_UP', { playerId: ada, oldLevel: 11, newLevel: 12, tier: 'SILVER' }],
      ['LEVEL_UP', { playerId: ada, oldLevel: 1, newLevel: 2 }],
      ['ANNOUNCEMENT', announcement],
      ['RANK_CHANGE', { playerId: ada, contestId: 3, contestTitle: 'Weekly', oldRank: null, newRank: 2 }],
      ['ANNOUNCEMENT', announcement],
      ['ACHIEVEMENT', { playerId: ada, achievement: 'first-blood', name: 'First Blood' }],
      ['ANNOUNCEMENT', announcement],
      ['CONTEST_STATUS', { contestId: 3, contestTitle: 'Weekly', newStatus: 'LIVE' }],
      ['ANNOUNCEMENT', announcement],
      ['ANNOUNCEMENT', announcement],
      ['ANNOUNCEMENT', { ...announcement, severity: 'WARNING' }],
    ]);
  });

  test.each([
    'ENGINE=MyISAM CHARSET=latin1',
    'ENGINE=InnoDB CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci',
    'ENGINE=InnoDB CHARSET=latin1',
  ])('survive what a database may hold: %s', async (options) => {
    await createSocketIoTables(database, { options, json: 'LONGTEXT' });
    await database.execute(
      'ALTER TABLE notification MODIFY player_id BIGINT NULL, MODIFY type VARCHAR(20) NULL',
    );
    await database.execute(
      'ALTER TABLE notification MODIFY title VARCHAR(600) NULL, MODIFY message TEXT NULL',
    );
    const broken = [
      { player_id: ada, title: 'é', message: '\u20ac'.repeat(21_000), data: '{broken' },
      { player_id: null },
      { player_id: 999_999 },
      { player_id: -1 },
      { player_id: ada, type: null, is_read: null, created_at: null },
      { player_id: ada, type: 'SOMETHING', title: '', message: '' },
      { player_id: ada, type: 'LEVEL_UP', data: 'null', is_read: null, read_at: '2026-02-03 04:05:06' },
      { player_id: ada, title: 'x'.repeat(600), data: '"text"' },
    ];
    for (const row of broken) await notifyOld(database, row);
    const { adopted } = await migrate(database);
    expect(adopted[0]).toEqual({ source: 'socketio_notification', copied: 5, leftOut: 3 });
    const rows = await log();
    expect(rows.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5]);
    expect(rows[0]).toMatchObject({ title: 'é', message: `${'\u20ac'.repeat(9999)}…` });
    expect(rows[1]?.at).toEqual(rows[0]?.at);
    expect(rows[2]).toMatchObject({ title: 'Notification', message: 'Notification' });
    expect(rows[4]?.title).toBe(`${'x'.repeat(254)}…`);
    for (const { type, data } of rows) {
      expect(type).toBe('ANNOUNCEMENT');
      expect(CATALOGUE.ANNOUNCEMENT.schema.safeParse(JSON.parse(data)).success).toBe(true);
    }
    expect(await receipts()).toMatchObject([{ id: 4, read_at: UTC('2026-02-03 04:05:06') }]);
    expect(await database.query('SELECT COUNT(*) AS n FROM socketio_notification')).toEqual([{ n: 8 }]);
  });
});

test('old activity keeps its ids, and its flag of what was broadcast', async () => {
  await createPlatformTables(database);
  await createSocketIoTables(database, { json: 'LONGTEXT' });
  await database.execute('ALTER TABLE activity_log MODIFY action_type VARCHAR(20) NULL');
  await database.execute(
    `INSERT INTO activity_log (id, player_id, action_type, contest_id, old_value, new_value, timestamp, is_broadcasted)
     VALUES (7, 1, 'LEVEL_UP', NULL, '{"level":1}', '{"level":2}', '2026-01-02 03:04:05', 1),
       (9, 1, 'CONTEST_FINISHED', 3, 'text "é"', NULL, '2026-01-03 03:04:05', 0),
       (10, 1, 'SLEPT', NULL, NULL, NULL, '2026-01-03 03:04:05', 0),
       (11, 1, NULL, NULL, NULL, NULL, NULL, 0), (12, 2, 'RANK_CHANGED', NULL, NULL, NULL, NULL, NULL)`,
  );
  const { adopted } = await migrate(database);
  expect(adopted[1]).toEqual({ source: 'socketio_activity_log', copied: 3, leftOut: 2 });
  const rows = await database.query<{ oldValue: string; newValue: string }>(
    `SELECT id, player_id, action_type, contest_id, old_value AS oldValue, new_value AS newValue, timestamp, event_id,
       is_broadcasted FROM activity_log ORDER BY id`,
  );
  expect(rows).toMatchObject([
    {
      id: 7,
      action_type: 'LEVEL_UP',
      timestamp: UTC('2026-01-02 03:04:05'),
      event_id: null,
      is_broadcasted: 1,
    },
    { id: 9, contest_id: 3, newValue: null, timestamp: UTC('2026-01-03 03:04:05'), is_broadcasted: 0 },
    { id: 12, player_id: 2, timestamp: expect.any(Date), is_broadcasted: 0 },
  ]);
  expect(JSON.parse(rows[0]?.newValue ?? '')).toEqual({ level: 2 });
  expect(JSON.parse(rows[1]?.oldValue ?? '')).toBe('text "é"');
  const { insertId } = await database.execute(
    "INSERT INTO activity_log (player_id, action_type, timestamp) VALUES (1, 'LEVEL_UP', UTC_TIMESTAMP(3))",
  );
  expect(insertId).toBe(13);
});

test('old activity gets other ids where its own were reused', async () => {
  await createPlatformTables(database);
  await createSocketIoTables(database);
  await database.execute(
    `INSERT INTO activity_log (id, player_id, action_type) VALUES (7, 1, 'LEVEL_UP'), (8, 1, 'RANK_CHANGED')`,
  );
  await migrate(database);
  for (const table of ['activity_log', 'live_adoption']) await database.execute(`DELETE FROM ${table}`);
  await database.execute('ALTER TABLE activity_log AUTO_INCREMENT = 7');
  await database.execute("CALL sp_log_activity(1, 'TIER_UPGRADED', NULL, NULL, NULL, NULL, @id)");
  await migrate(database);
  expect(await database.query('SELECT id, action_type AS action FROM activity_log ORDER BY id')).toEqual([
    { id: 7, action: 'TIER_UPGRADED' },
    { id: 8, action: 'RANK_CHANGED' },
    { id: 9, action: 'LEVEL_UP' },
  ]);
});

test('repeated and concurrent migrations copy everything once', async () => {
  await createPlatformTables(database);
  const { playerId } = await createPlayer(database);
  await createSocketIoTables(database);
  for (let n = 0; n < 30; n += 1) await notifyOld(database, { player_id: playerId, is_read: n % 2 === 0 });
  const nodes = Array.from({ length: 4 }, () => openDatabase({ url: made.url }));
  const reports = await Promise.all(nodes.map((node) => migrate(node)));
  expect(reports.filter(({ adopted }) => adopted.length > 0)).toHaveLength(1);
  await Promise.all(nodes.map((node) => node.close()));
  const before = [await describeSchema(database), await log(), await receipts()];
  expect(await migrate(database)).toEqual(UNCHANGED);
  expect([await describeSchema(database), await log(), await receipts()]).toEqual(before);
  expect(await database.query('SELECT head FROM log_head')).toEqual([{ head: 30 }]);
});

test('a migrator that lost its lock copies nothing a second time', async () => {
  await createPlatformTables(database);
  const { playerId } = await createPlayer(database);
  await createSocketIoTables(database);
  const rows = Array.from({ length: 3000 }, (_, n) => [playerId, `N${n}`, 'M']);
  await database.execute('INSERT INTO notification (player_id, title, message) VALUES ?', [rows]);
  await migrate(database);
  for (const table of ['notification', 'live_adoption']) await database.execute(`DELETE FROM ${table}`);
  await database.execute('UPDATE log_head SET head = 0');
  const copied = await Promise.allSettled(
    Array.from({ length: 3 }, async () => {
      const connection = await database.connect();
      return adoptTables(connection, [OLD_NOTIFICATIONS], () => {}).finally(() => connection.destroy());
    }),
  );
  for (const one of copied)
    if (one.status === 'rejected') expect(String(one.reason)).toContain('Another process is copying');
  await migrate(database);
  const [counted] = await database.query(
    'SELECT COUNT(*) AS n, COUNT(DISTINCT title) AS titles, MAX(id) AS last, (SELECT head FROM log_head) AS head FROM notification',
  );
  expect(counted).toEqual({ n: 3000, titles: 3000, last: 3000, head: 3000 });
});

test('many rows are copied in full pages, except the last', async () => {
  await createPlatformTables(database);
  const { playerId } = await createPlayer(database);
  await createSocketIoTables(database);
  const rows = (count: number) => Array.from({ length: count }, (_, n) => [playerId, `N${n}`, 'M']);
  await database.execute('INSERT INTO notification (player_id, title, message) VALUES ?', [rows(5000)]);
  await database.execute('DELETE FROM notification WHERE id % 7 = 0');
  await database.execute(
    "INSERT INTO activity_log (player_id, action_type) SELECT player_id, 'LEVEL_UP' FROM notification",
  );
  await migrate(database);
  const [counted] = await database.query(
    `SELECT COUNT(*) AS n, MIN(id) AS first, MAX(id) AS last, (SELECT head FROM log_head) AS head,
       (SELECT COUNT(*) FROM activity_log) AS activity FROM notification`,
  );
  expect(counted).toEqual({ n: 4286, first: 1, last: 4286, head: 4286, activity: 4286 });
  const [disorder] = await database.query(
    `SELECT COUNT(*) AS n FROM notification a JOIN notification b ON b.id = a.id + 1
     WHERE CAST(SUBSTR(b.title, 2) AS SIGNED) <= CAST(SUBSTR(a.title, 2) AS SIGNED)`,
  );
  expect(disorder).toEqual({ n: 0 });
});

test('a table of sessions that an old service creates again does no harm', async () => {
  await createPlatformTables(database);
  await createSocketIoTables(database);
  await migrate(database);
  await database.execute('CREATE TABLE IF NOT EXISTS websocket_session LIKE socketio_websocket_session');
  expect(await migrate(database)).toEqual(UNCHANGED);
  expect(await database.query("SHOW TABLES LIKE '%websocket_session'")).toHaveLength(2);
});

describe('A migration is refused without any change', () => {
  const tables = async () => database.query('SHOW TABLES');

  test('where the new name of an old table is taken', async () => {
    await createPlatformTables(database);
    await createSocketIoTables(database);
    await database.execute('CREATE TABLE socketio_notification (id INT)');
    const before = await tables();
    await expect(migrate(database)).rejects.toThrow(
      'socketio_notification, the name under which it would be kept, exists',
    );
    expect(await tables()).toEqual(before);
  });

  test('where an old table has replaced ours', async () => {
    await migrate(database);
    await database.execute('DROP TABLE notification, activity_log');
    await database.execute('DROP VIEW v_active_sessions, v_contest_leaderboard');
    for (const { name } of await database.query<{ name: string }>(
      "SELECT ROUTINE_NAME AS name FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE() AND ROUTINE_NAME LIKE 'sp\\_%'",
    ))
      await database.execute(`DROP PROCEDURE ${name}`);
    await createSocketIoTables(database);
    await expect(migrate(database)).rejects.toThrow(
      'a table notification and a table activity_log that codecraft-live did not make',
    );
  });

  test('where a table has the right columns with other types', async () => {
    await createPlatformTables(database);
    await createSocketIoTables(database);
    await database.execute('ALTER TABLE notification MODIFY id CHAR(36) NOT NULL');
    const before = await tables();
    await expect(migrate(database)).rejects.toThrow('a table notification that codecraft-live did not make');
    expect(await tables()).toEqual(before);
  });
});

test('each old table is adopted where it is the only one', async () => {
  await createPlatformTables(database);
  await createSocketIoTables(database);
  await database.execute('DROP TABLE notification, activity_log');
  expect(await migrate(database)).toMatchObject({ renamed: ['websocket_session'], adopted: [] });
  expect(await database.query('SELECT * FROM socketio_websocket_session')).toEqual([]);
});

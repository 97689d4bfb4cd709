import type { Connection, RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Database } from '../../src/db/database.ts';
import { HEAD_DISAGREES } from '../../src/log/append-statement.ts';
import { readEndLocked } from '../../src/log/reader.ts';
import { migrate } from '../../src/migrate/migrate.ts';
import { moveLateNotifications } from '../../src/platform/adoption/late-notifications.ts';
import { createTestDatabase, onServer, type TestDatabase } from '../support/database/database.ts';
import { createContest, createPlayer, joinContest, type PlayerIds } from '../support/database/platform.ts';
import { lockRows } from '../support/database/row-lock.ts';
import { createPlatformTables, createSocketIoTables, notifyOld } from '../support/database/socketio.ts';
import { startServiceOn } from '../support/service.ts';
import { until } from '../support/until.ts';
import { listen } from '../support/wire/listener.ts';

/** The statements of a Socket.IO layer that is still loaded in the platform, in sessions as the platform's. */

let made: TestDatabase;
let database: Database;
let ada: PlayerIds;

async function createOld(): Promise<TestDatabase> {
  const old = await createTestDatabase({ migrated: false });
  await createPlatformTables(old.database);
  return old;
}

beforeAll(async () => {
  made = await createOld();
  database = made.database;
  ada = await createPlayer(database, { name: 'Ada' });
  await createSocketIoTables(database);
  await notifyOld(database, { player_id: ada.playerId, title: 'Before' });
  await migrate(database);
});
beforeEach(async () => {
  for (const table of ['event_outbox', 'activity_log', 'stream_session', 'websocket_session'])
    await database.execute(`DELETE FROM ${table}`);
});
afterAll(() => made.drop());

/** Runs in a session of the platform: with and without strict mode. */
async function asPlatform<T>(work: (connection: Connection) => Promise<T>, mode = ''): Promise<T> {
  return await onServer(async (connection) => {
    await connection.query(`USE ${database.name}`);
    await connection.query('SET SESSION sql_mode = ?', [mode]);
    return await work(connection);
  });
}

const MODES = ['', 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION'];

const outbox = async () =>
  (
    await database.query<{ type: string; payload: string; key: string | null }>(
      'SELECT type, payload, idempotency_key AS `key` FROM event_outbox ORDER BY id',
    )
  ).map(({ type, payload, key }) => ({ type, payload: JSON.parse(payload), key }));

describe.each(MODES)('After the migration, with sql_mode %j,', (mode) => {
  test('sessions are registered, kept alive and closed under the old name', async () => {
    await asPlatform(async (connection) => {
      await connection.query(
        'INSERT INTO websocket_session (player_id, session_id, is_active) VALUES (?, ?, TRUE)',
        [ada.playerId, 'QqC1z-8gYb2kAAAB'],
      );
      await connection.query('UPDATE websocket_session SET last_heartbeat = NOW() WHERE session_id = ?', [
        'QqC1z-8gYb2kAAAB',
      ]);
      await connection.query(
        'UPDATE websocket_session SET is_active = FALSE, disconnected_at = NOW() WHERE session_id = ?',
        ['QqC1z-8gYb2kAAAB'],
      );
    }, mode);
    expect(await database.query('SELECT session_id AS id, is_active AS open FROM websocket_session')).toEqual(
      [{ id: 'QqC1z-8gYb2kAAAB', open: 0 }],
    );
  });

  test('activity is logged with an id and a time, and unread notifications are none', async () => {
    await asPlatform(async (connection) => {
      const [{ insertId }] = (await connection.query(
        `INSERT INTO activity_log (player_id, action_type, contest_id, problem_id, old_value, new_value)
         VALUES (?, 'LEVEL_UP', NULL, NULL, '{}', '{"level":2}')`,
        [ada.playerId],
      )) as unknown as [{ insertId: number }];
      expect(insertId).toBeGreaterThan(0);
      const [unread] = await connection.query(
        'SELECT * FROM notification WHERE player_id = ? AND is_read = FALSE ORDER BY created_at DESC LIMIT 10',
        [ada.playerId],
      );
      expect(unread).toEqual([]);
      const [[plan]] = await connection.query<RowDataPacket[]>(
        'EXPLAIN SELECT * FROM notification WHERE player_id = ? AND is_read = FALSE ORDER BY created_at DESC LIMIT 10',
        [ada.playerId],
      );
      // A column of a table, or a tree of text.
      expect(JSON.stringify(plan)).toContain('notification_is_read');
      await connection.query(
        'UPDATE notification SET is_read = TRUE, read_at = NOW() WHERE id = ? AND player_id = ?',
        [1_000_000, ada.playerId],
      );
    }, mode);
    const [row] = await database.query(
      'SELECT ABS(TIMESTAMPDIFF(SECOND, timestamp, UTC_TIMESTAMP())) < 60 AS isNow FROM activity_log',
    );
    expect(row).toEqual({ isNow: 1 });
  });

  test('its notifications become events, in order, without a trace in the log', async () => {
    const before = await database.query('SELECT id FROM notification ORDER BY id');
    await asPlatform(async (connection) => {
      const insert = (type: string, title: string, data: unknown) =>
        connection.query(
          'INSERT INTO notification (player_id, type, title, message, data) VALUES (?, ?, ?, ?, ?)',
          [ada.playerId, type, title, 'Message é😀', JSON.stringify(data)],
        );
      await insert('LEVEL_UP', 'Level Up! 🎉', { oldLevel: 10, newLevel: 11, tier: 'SILVER' });
      await insert('ACHIEVEMENT', 'Problem Solved! ✅', { problemId: 1, points: 100 });
      await insert('CONTEST_START', 'Started', { contestId: 3 });
      await connection.query(
        "INSERT INTO notification (player_id, type, title, message, data) VALUES (999999, 'ANNOUNCEMENT', 'Nobody', 'M', '{}')",
      );
    }, mode);
    expect(await moveLateNotifications(database)).toBe(3);
    const { playerId } = ada;
    const announcement = { playerId, message: 'Message é😀', severity: 'INFO' };
    expect(await outbox()).toEqual([
      {
        type: 'LEVEL_UP',
        payload: { playerId, oldLevel: 10, newLevel: 11, tier: 'SILVER' },
        key: `level-up:${playerId}:11`,
      },
      { type: 'ANNOUNCEMENT', payload: { ...announcement, title: 'Problem Solved! ✅' }, key: null },
      { type: 'ANNOUNCEMENT', payload: { ...announcement, title: 'Started' }, key: null },
    ]);
    expect(await database.query('SELECT id FROM notification ORDER BY id')).toEqual(before);
    expect(await moveLateNotifications(database)).toBe(0);
  });

  test('the procedures take the old arguments, and give the ids that were asked for', async () => {
    await asPlatform(async (connection) => {
      await connection.query(
        "CALL sp_log_activity(?, 'LEVEL_UP', NULL, 5, NULL, '{\"level\":2}', @activity)",
        [ada.playerId],
      );
      const [[activity]] = await connection.query<RowDataPacket[]>('SELECT @activity AS id');
      const [[logged]] = await connection.query<RowDataPacket[]>('SELECT id FROM activity_log');
      expect(activity?.id).toBe(logged?.id);
      const register = async (session: string) => {
        await connection.query('CALL sp_register_websocket_session(?, ?, @session)', [ada.playerId, session]);
        const [[row]] = await connection.query<RowDataPacket[]>('SELECT @session AS id');
        return row?.id as number;
      };
      const first = await register('QqC1z-8gYb2kAAAB');
      expect(first).toBeGreaterThan(0);
      expect(await register('QqC1z-8gYb2kAAAB')).toBe(first);
      expect(await register('QqC1z-8gYb2kAAAC')).not.toBe(first);
      const [view] = await connection.query<RowDataPacket[]>('SELECT * FROM v_active_sessions');
      expect(view).toEqual([
        { player_id: ada.playerId, player_name: 'Ada', active_connections: 2, last_active: expect.any(Date) },
      ]);
      expect(Math.abs(Number(view[0]?.last_active) - Date.now())).toBeLessThan(60_000);
      await connection.query("CALL sp_disconnect_websocket_session('QqC1z-8gYb2kAAAB')");
      await connection.query("CALL sp_disconnect_websocket_session('QqC1z-8gYb2kAAAC')");
      await connection.query("CALL sp_create_notification(?, 'ANNOUNCEMENT', 'T', 'M', '{}')", [
        ada.playerId,
      ]);
      await connection.query('CALL sp_get_unbroadcasted_activities(10)');
      await connection.query('CALL sp_mark_activities_broadcasted(?)', [JSON.stringify([logged?.id])]);
    }, mode);
    expect(await outbox()).toMatchObject([{ type: 'ANNOUNCEMENT', payload: { title: 'T' } }]);
    expect(await database.query('SELECT is_broadcasted AS done FROM activity_log')).toEqual([{ done: 1 }]);
    expect(await database.query('SELECT * FROM v_active_sessions')).toEqual([]);
  });

  test('the leaderboard view has the old columns, and ours', async () => {
    const contestId = await createContest(database);
    await joinContest(database, { contestId, playerId: ada.playerId });
    const rows = await asPlatform(
      async (connection) =>
        (
          await connection.query<RowDataPacket[]>(
            `SELECT contest_id, player_id, final_rank, final_rating, problems_solved, xp_earned, player_name,
               profile_picture, tier, level, global_rank, joined_at, last_solved_at, live_rank, mode
             FROM v_contest_leaderboard WHERE contest_id = ?`,
            [contestId],
          )
        )[0],
      mode,
    );
    expect(rows).toMatchObject([
      { player_id: ada.playerId, player_name: 'Ada', final_rank: null, xp_earned: 0, level: 1, live_rank: 1 },
    ]);
  });
});

test('a locked row of the layer, or of a player, keeps no other from being moved', async () => {
  for (const title of ['First', 'Second'])
    await database.execute(
      "INSERT INTO notification (player_id, type, title, message, data) VALUES (?, 'ANNOUNCEMENT', ?, 'M', '{}')",
      [ada.playerId, title],
    );
  const unlock = await lockRows(
    made.url,
    'notification FORCE INDEX (PRIMARY) WHERE id < 0 ORDER BY id DESC LIMIT 1',
  );
  await lockRows(made.url, `player WHERE id = ${ada.playerId}`);
  expect(await moveLateNotifications(database)).toBe(1);
  expect(await outbox()).toMatchObject([{ payload: { title: 'Second' } }]);
  expect(await moveLateNotifications(database)).toBe(0);
  await unlock();
  expect(await moveLateNotifications(database)).toBe(1);
});

test('rows of the layer are no end of an empty log', async () => {
  const old = await createOld();
  const bob = await createPlayer(old.database, { name: 'Bob' });
  await createSocketIoTables(old.database);
  await migrate(old.database);
  await old.database.execute(
    "INSERT INTO notification (player_id, type, title, message, data) VALUES (?, 'ANNOUNCEMENT', 'Early', 'M', '{}')",
    [bob.playerId],
  );
  expect(await old.database.query(`SELECT ${HEAD_DISAGREES} AS disagrees`)).toEqual([{ disagrees: 0 }]);
  expect(await readEndLocked(old.database.query)).toBe(0);
  await old.drop();
});

test('a service publishes what the layer notifies of', async () => {
  const old = await createOld();
  const bob = await createPlayer(old.database, { name: 'Bob' });
  await createSocketIoTables(old.database);
  const live = await startServiceOn(old);
  const listener = listen(`${live.url}/streams/players/me`, await live.token(bob.userId), ['announcement']);
  await listener.ready();
  await old.database.execute(
    "INSERT INTO notification (player_id, type, title, message, data) VALUES (?, 'ANNOUNCEMENT', 'Late', 'M', '{}')",
    [bob.playerId],
  );
  await until(() => listener.received.length > 0);
  expect(listener.received).toMatchObject([{ title: 'Late' }]);
  listener.close();
  await live.close();
});

describe('A database that an earlier release adopted', () => {
  test('gets the old signatures, columns and tables, from the texts that were kept', async () => {
    const old = await createOld();
    await createSocketIoTables(old.database);
    await migrate(old.database);
    // As that release left it.
    await old.database.execute('ALTER TABLE socketio_definition DROP COLUMN shape');
    await old.database.execute('DROP TABLE websocket_session');
    await old.database.execute('ALTER TABLE notification DROP COLUMN is_read, DROP COLUMN read_at');
    for (const name of ['sp_log_activity', 'sp_register_websocket_session'])
      await old.database.execute(`DROP PROCEDURE ${name}`);
    for (const name of ['v_contest_leaderboard', 'v_active_sessions'])
      await old.database.execute(`DROP VIEW ${name}`);
    const lines: string[] = [];
    await migrate(old.database, { log: (line) => lines.push(line) });
    expect(lines.at(-1)).toBe(
      'made compatible with the Socket.IO layer: the tables that it writes to, the procedure sp_log_activity, the procedure sp_register_websocket_session, the view v_active_sessions, the view v_contest_leaderboard',
    );
    await old.database.query('SELECT is_read FROM notification');
    await old.database.query('SELECT session_id FROM websocket_session');
    await old.database.query('SELECT active_connections, last_active FROM v_active_sessions');
    await old.database.query('SELECT final_rank, profile_picture, live_rank FROM v_contest_leaderboard');
    await old.database.execute("CALL sp_log_activity(1, 'LEVEL_UP', NULL, NULL, NULL, NULL, @id)");
    const again: string[] = [];
    await migrate(old.database, { log: (line) => again.push(line) });
    expect(again).toEqual([]);
    await old.drop();
  });
});

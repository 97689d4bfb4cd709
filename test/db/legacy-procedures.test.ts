import type { RowDataPacket } from 'mysql2/promise';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CATALOGUE } from '../../src/protocol/catalogue.ts';
import type { EventType } from '../../src/protocol/event.ts';
import { naturalKeyOf } from '../../src/protocol/natural-key.ts';
import { onServer, prepareDatabase } from '../support/database/database.ts';
import { createContest, createPlayer, type PlayerIds } from '../support/database/platform.ts';

const { database } = prepareDatabase();
let ada: PlayerIds;

beforeAll(async () => {
  ada = await createPlayer(database, { name: 'Ada' });
});
beforeEach(async () => {
  for (const table of [
    'event_outbox',
    'activity_log',
    'stream_session',
    'notification',
    'notification_receipt',
  ])
    await database.execute(`DELETE FROM ${table}`);
});

const outbox = async () =>
  (
    await database.query<{ type: EventType; payload: string; key: string | null }>(
      'SELECT type, payload, idempotency_key AS `key` FROM event_outbox ORDER BY id',
    )
  ).map(({ type, payload, key }) => ({ type, payload: JSON.parse(payload), key }));

describe('sp_create_notification', () => {
  const notify = (type: string | null, title: string | null, message: string | null, data: unknown) =>
    database.execute('CALL sp_create_notification(?, ?, ?, ?, ?)', [
      ada.playerId,
      type,
      title,
      message,
      data === undefined ? null : JSON.stringify(data),
    ]);

  test('is the event of today where type and data make one, named for what happened', async () => {
    const contestId = await createContest(database);
    await notify('LEVEL_UP', 'T', 'M', { oldLevel: 11, newLevel: 12, tier: 'SILVER' });
    await notify('ACHIEVEMENT', 'T', 'M', { achievement: 'first-blood', name: 'Sang é', description: 'D' });
    await notify('ACHIEVEMENT', 'T', 'M', { achievement: 'first-blood', name: 'N' });
    await notify('RANK_CHANGE', 'T', 'M', { contestId, newRank: 2 });
    await notify('RANK_CHANGE', 'T', 'M', { contestId, oldRank: 5, newRank: 2 });
    const playerId = ada.playerId;
    const events = await outbox();
    expect(events).toEqual([
      {
        type: 'LEVEL_UP',
        payload: { playerId, oldLevel: 11, newLevel: 12 },
        key: `level-up:${playerId}:12`,
      },
      {
        type: 'ACHIEVEMENT',
        payload: { playerId, achievement: 'first-blood', name: 'Sang é', description: 'D' },
        key: `achievement:${playerId}:first-blood`,
      },
      {
        type: 'ACHIEVEMENT',
        payload: { playerId, achievement: 'first-blood', name: 'N' },
        key: `achievement:${playerId}:first-blood`,
      },
      { type: 'RANK_CHANGE', payload: { playerId, contestId, oldRank: null, newRank: 2 }, key: null },
      { type: 'RANK_CHANGE', payload: { playerId, contestId, oldRank: 5, newRank: 2 }, key: null },
    ]);
    for (const { type, payload, key } of events) {
      expect(CATALOGUE[type].schema.safeParse(payload).success).toBe(true);
      if (key !== null) expect(naturalKeyOf(type, payload)).toBe(key);
    }
  });

  test('is an announcement to the player otherwise, with the title and message given', async () => {
    const frozen = await createContest(database, { frozen: true });
    const calls: [string, unknown][] = [
      ['ANNOUNCEMENT', undefined],
      ['CONTEST_START', { contestId: 1 }],
      ['LEADERBOARD_UPDATE', {}],
      ['LEVEL_UP', { newLevel: 12 }],
      ['LEVEL_UP', { oldLevel: '11', newLevel: 12 }],
      ['LEVEL_UP', { oldLevel: 11, newLevel: 1001 }],
      ['LEVEL_UP', null],
      ['ACHIEVEMENT', { achievement: 'First Blood', name: 'N' }],
      ['ACHIEVEMENT', { achievement: 'First-blood', name: 'N' }],
      ['ACHIEVEMENT', { achievement: 'first-blood\n', name: 'N' }],
      ['ACHIEVEMENT', { achievement: '-first', name: 'N' }],
      ['ACHIEVEMENT', { achievement: 'first-blood', name: '' }],
      ['ACHIEVEMENT', ['first-blood']],
      ['RANK_CHANGE', { contestId: frozen, oldRank: 5, newRank: 2 }],
      ['RANK_CHANGE', { contestId: 999_999, oldRank: 5, newRank: 2 }],
      ['RANK_CHANGE', { contestId: frozen, oldRank: 5.5, newRank: 0 }],
    ];
    for (const [type, data] of calls) await notify(type, 'Title é😀', 'A "message"', data);
    expect(await outbox()).toEqual(
      calls.map(() => ({
        type: 'ANNOUNCEMENT',
        payload: { playerId: ada.playerId, title: 'Title é😀', message: 'A "message"', severity: 'INFO' },
        key: null,
      })),
    );
  });

  test('cuts what is too long, and makes up for what is missing', async () => {
    await notify('ANNOUNCEMENT', 'x'.repeat(256), 'm'.repeat(10_001), undefined);
    await notify('ANNOUNCEMENT', '😀'.repeat(200), '😀'.repeat(9000), undefined);
    await notify('ANNOUNCEMENT', 'x'.repeat(255), 'm'.repeat(10_000), undefined);
    await notify('ANNOUNCEMENT', '', null, undefined);
    const payloads = (await outbox()).map(({ payload }) => payload);
    for (const payload of payloads)
      expect(CATALOGUE.ANNOUNCEMENT.schema.safeParse(payload).success).toBe(true);
    expect(payloads).toMatchObject([
      { title: `${'x'.repeat(254)}…`, message: `${'m'.repeat(9999)}…` },
      { title: `${'😀'.repeat(127)}…`, message: `${'😀'.repeat(4999)}…` },
      { title: 'x'.repeat(255), message: 'm'.repeat(10_000) },
      { title: 'Notification', message: 'Notification' },
    ]);
  });

  test('refuses types, players and data that there are not', async () => {
    await expect(notify('SLEPT', 'T', 'M', undefined)).rejects.toThrow('no such type of notification');
    await expect(notify(null, 'T', 'M', undefined)).rejects.toThrow('no such type of notification');
    await expect(
      database.execute("CALL sp_create_notification(?, 'LEVEL_UP', 'T', 'M', '{')", [ada.playerId]),
    ).rejects.toThrow('the data is not JSON');
    await expect(
      database.execute("CALL sp_create_notification(?, 'ANNOUNCEMENT', 'T', 'M', NULL)", [ada.userId]),
    ).rejects.toThrow('there is no such player');
    expect(await outbox()).toEqual([]);
  });

  test('publishes nothing when the caller rolls back', async () => {
    const run = database.transaction(async (tx) => {
      await tx.execute("CALL sp_create_notification(?, 'LEVEL_UP', 'T', 'M', NULL)", [ada.playerId]);
      throw new Error('undo');
    });
    await expect(run).rejects.toThrow('undo');
    expect(await outbox()).toEqual([]);
  });

  test('works in the platform’s own sessions', async () => {
    await onServer(async (connection) => {
      await connection.query(
        "SET SESSION sql_mode = 'ANSI_QUOTES', SESSION time_zone = '+09:00', NAMES latin1",
      );
      await connection.query(`USE ${database.name}`);
      await connection.query('CALL sp_create_notification(?, ?, ?, ?, ?)', [
        ada.playerId,
        'LEVEL_UP',
        'T',
        'M',
        JSON.stringify({ oldLevel: 1, newLevel: 2 }),
      ]);
    });
    expect((await outbox()).map(({ type }) => type)).toEqual(['LEVEL_UP']);
  });
});

describe('activity', () => {
  const log = (action: string) =>
    database.execute('CALL sp_log_activity(?, ?, NULL, 5, NULL, \'{"points":100}\')', [ada.playerId, action]);
  const unpublished = (limit: number | null) =>
    database.query<Record<string, unknown>>('CALL sp_get_unbroadcasted_activities(?)', [limit]);
  const ids = async () => (await unpublished(null)).map(({ id }) => id as number);

  test('is logged, listed until it is marked as published, and then no more', async () => {
    await log('PROBLEM_SOLVED');
    await log('LEVEL_UP');
    await log('CONTEST_FINISHED');
    const rows = await unpublished(null);
    expect(Object.keys(rows[0] ?? {})).toEqual([
      'id',
      'player_id',
      'action_type',
      'contest_id',
      'problem_id',
      'old_value',
      'new_value',
      'timestamp',
      'is_broadcasted',
    ]);
    expect(rows).toMatchObject([
      { player_id: ada.playerId, action_type: 'PROBLEM_SOLVED', problem_id: 5, is_broadcasted: 0 },
      { action_type: 'LEVEL_UP' },
      { action_type: 'CONTEST_FINISHED' },
    ]);
    expect(await unpublished(2)).toEqual(rows.slice(0, 2));
    expect(await unpublished(0)).toEqual([]);
    const [first, second, third] = await ids();
    await database.execute('CALL sp_mark_activities_broadcasted(?)', [JSON.stringify([first, third])]);
    expect(await ids()).toEqual([second]);
    expect(await outbox()).toEqual([]);
  });

  test.each([
    (a: number, b: number) => `${a},${b}`,
    (a: number, b: number) => `${a}, ${b}`,
    (a: number, b: number) => `["${a}", "${b}"]`,
  ])('is marked by a list of ids (%#)', async (list) => {
    for (let n = 0; n < 12; n += 1) await log('LEVEL_UP');
    const [first = 0, second = 0, ...rest] = await ids();
    await database.execute('CALL sp_mark_activities_broadcasted(?)', [list(first, second)]);
    expect(await ids()).toEqual(rest);
  });

  test('is not marked by what is no list of ids, or an empty one', async () => {
    await log('LEVEL_UP');
    await expect(database.execute("CALL sp_mark_activities_broadcasted('all')")).rejects.toThrow(
      'the ids are',
    );
    for (const none of ['', '[]', null]) {
      await database.execute('CALL sp_mark_activities_broadcasted(?)', [none]);
    }
    expect(await ids()).toHaveLength(1);
  });

  test('shows its time by the caller’s clock, and its id as the last inserted', async () => {
    await onServer(async (connection) => {
      await connection.query(`USE ${database.name}`);
      await connection.query("SET time_zone = '+09:00'");
      await connection.query("CALL sp_log_activity(?, 'LEVEL_UP', NULL, NULL, NULL, NULL)", [ada.playerId]);
      const [[last]] = await connection.query<RowDataPacket[]>('SELECT LAST_INSERT_ID() AS id');
      await connection.query("UPDATE activity_log SET timestamp = '2026-01-02 03:04:05'");
      const [[rows]] = await connection.query<RowDataPacket[][]>('CALL sp_get_unbroadcasted_activities(1)');
      const [row] = rows ?? [];
      expect(last?.id).toBe(row?.id);
      expect(row?.timestamp.getHours()).toBe(12);
    });
  });
});

describe('sessions', () => {
  const sessions = () =>
    database.query<{ id: string; open: number }>(
      'SELECT stream_id AS id, player_id AS playerId, disconnected_at IS NULL AS open FROM stream_session ORDER BY 1',
    );

  test.each(['QqC1z-8gYb2kAAAB', 'x'.repeat(255), 'séance'])(
    'are opened and ended under the id %j',
    async (id) => {
      await database.execute('CALL sp_register_websocket_session(?, ?)', [ada.playerId, id]);
      await database.execute('CALL sp_register_websocket_session(?, ?)', [ada.playerId, id]);
      const [session, ...others] = await sessions();
      expect(others).toEqual([]);
      expect(session).toMatchObject({ playerId: ada.playerId, open: 1 });
      expect(await database.query('SELECT player_id AS id FROM v_active_sessions')).toEqual([
        { id: ada.playerId },
      ]);
      await database.execute("CALL sp_disconnect_websocket_session('another')");
      expect((await sessions())[0]?.open).toBe(1);
      await database.execute('CALL sp_disconnect_websocket_session(?)', [id]);
      expect((await sessions())[0]?.open).toBe(0);
    },
  );

  test('are the player’s, who must be there', async () => {
    await expect(
      database.execute("CALL sp_register_websocket_session(?, 'id')", [ada.userId]),
    ).rejects.toThrow('there is no such player');
  });
});

describe('live_acknowledge', () => {
  const acknowledge = (id: number, action: string) =>
    database.execute('CALL live_acknowledge(?, ?, ?)', [ada.playerId, id, action]);

  test('publishes to the player’s streams what became different, and of nothing else', async () => {
    await database.execute(
      `INSERT INTO notification (id, event_id, scope, keep_class, type, inbox, title, message, data, created_at)
       VALUES (1, 1, ?, 'player', 'ANNOUNCEMENT', 1, 'T', 'M', '{}', UTC_TIMESTAMP(3))`,
      [`player:${ada.playerId}`],
    );
    const steps = [
      ['seen', 'seen'],
      ['seen', null],
      ['read', 'read'],
      ['read', null],
      ['seen', null],
      ['unread', 'unread'],
      ['unread', null],
      ['unarchive', null],
      ['archive', 'archived'],
      ['archive', null],
      ['read', null],
      ['unarchive', 'unarchived'],
    ] as const;
    for (const [action, reported] of steps) {
      await acknowledge(1, action);
      expect(await outbox(), action).toEqual(
        reported === null
          ? []
          : [
              {
                type: 'RECEIPTS_TOUCHED',
                payload: { playerId: ada.playerId, action: reported, id: 1 },
                key: null,
              },
            ],
      );
      await database.execute('DELETE FROM event_outbox');
    }
    await expect(acknowledge(2, 'read')).rejects.toThrow('no such notification');
    expect(await outbox()).toEqual([]);
  });
});

import { randomUUID } from 'node:crypto';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CATALOGUE } from '../../src/protocol/catalogue.ts';
import { onServer, prepareDatabase } from '../support/database/database.ts';
import { createContest, createPlayer, joinContest, type PlayerIds } from '../support/database/platform.ts';

const { database } = prepareDatabase();
let ada: PlayerIds;

beforeAll(async () => {
  ada = await createPlayer(database, { name: 'Ada' });
});

beforeEach(async () => {
  await database.execute('DELETE FROM event_outbox');
  await database.execute('DELETE FROM notification_receipt');
});

const outbox = async () =>
  (
    await database.query<{ type: string; payload: string; key: string | null }>(
      'SELECT type, payload, idempotency_key AS `key` FROM event_outbox ORDER BY id',
    )
  ).map(({ type, payload, key }) => ({ type, payload: JSON.parse(payload), key }));

describe('live_publish', () => {
  test('puts the event into the outbox, every character of it', async () => {
    const payload = { title: 'é😀\u2028 "\\', message: 'x'.repeat(70_000) };
    await database.execute('CALL live_publish(?, ?, ?)', ['ANNOUNCEMENT', JSON.stringify(payload), 'once']);
    await database.execute('CALL live_publish(?, ?, NULL)', ['ANNOUNCEMENT', '{}']);
    expect(await outbox()).toEqual([
      { type: 'ANNOUNCEMENT', payload, key: 'once' },
      { type: 'ANNOUNCEMENT', payload: {}, key: null },
    ]);
  });

  test('publishes nothing when the caller rolls back', async () => {
    const run = database.transaction(async (tx) => {
      await tx.execute("CALL live_publish('ANNOUNCEMENT', '{}', NULL)");
      throw new Error('undo');
    });
    await expect(run).rejects.toThrow('undo');
    expect(await outbox()).toEqual([]);
  });

  test('refuses what is not JSON, and keys and types that are too long', async () => {
    for (const payload of ['{', '', null]) {
      await expect(database.execute("CALL live_publish('LEVEL_UP', ?, NULL)", [payload])).rejects.toThrow(
        'the payload is not JSON',
      );
    }
    await expect(
      database.execute("CALL live_publish('LEVEL_UP', '{}', ?)", ['k'.repeat(129)]),
    ).rejects.toMatchObject({ errno: 1406 });
    await expect(
      database.execute("CALL live_publish(?, '{}', NULL)", ['T'.repeat(65)]),
    ).rejects.toMatchObject({ errno: 1406 });
    expect(await outbox()).toEqual([]);
  });

  test('writes the time in UTC and cuts nothing off, whatever the caller’s session is set to', async () => {
    await onServer(async (connection) => {
      await connection.query("SET SESSION sql_mode = '', SESSION time_zone = '+09:00', NAMES latin1");
      await connection.query(`USE ${database.name}`);
      await connection.query(`CALL live_publish('LEVEL_UP', '{"n":"caf\u00e9"}', NULL)`);
      await expect(
        connection.query("CALL live_publish('LEVEL_UP', '{}', REPEAT('k', 129))"),
      ).rejects.toMatchObject({ errno: 1406 });
    });
    const [row] = await database.query<{ age: number }>(
      'SELECT ABS(TIMESTAMPDIFF(SECOND, created_at, UTC_TIMESTAMP(3))) AS age FROM event_outbox',
    );
    expect(row?.age).toBeLessThan(60);
  });
});

describe('live_create_notification', () => {
  test('is an announcement to one player that the catalogue accepts', async () => {
    await database.execute('CALL live_create_notification(?, ?, ?, ?)', [
      ada.playerId,
      'Title é',
      'A "message"',
      'WARNING',
    ]);
    await database.execute('CALL live_create_notification(?, ?, ?, NULL)', [ada.playerId, 'Other', 'Text']);
    const [first, second] = await outbox();
    expect(first).toEqual({
      type: 'ANNOUNCEMENT',
      payload: { playerId: ada.playerId, title: 'Title é', message: 'A "message"', severity: 'WARNING' },
      key: null,
    });
    expect(second?.payload.severity).toBe('INFO');
    expect(CATALOGUE.ANNOUNCEMENT.schema.safeParse(first?.payload).success).toBe(true);
  });

  test('leaves the log’s head alone, however long the caller’s transaction is', async () => {
    await database.transaction(async (tx) => {
      await tx.execute("CALL live_create_notification(?, 'T', 'M', NULL)", [ada.playerId]);
      await tx.execute('CALL live_register_session(UUID(), ?, NULL, NULL)', [ada.playerId]);
      await database.execute('UPDATE log_head SET head = head WHERE id = 1');
    });
  });
});

describe('live_log_activity', () => {
  test('writes down what a player did, unpublished', async () => {
    await database.execute("CALL live_log_activity(?, 'LEVEL_UP', NULL, NULL, ?, ?)", [
      ada.playerId,
      '{"level":1}',
      '{"level":2}',
    ]);
    expect(
      await database.query(
        'SELECT player_id, action_type, contest_id, old_value, new_value, event_id, is_broadcasted FROM activity_log',
      ),
    ).toEqual([
      {
        player_id: ada.playerId,
        action_type: 'LEVEL_UP',
        contest_id: null,
        old_value: '{"level": 1}'.replace(' ', (await database.flavour()).kind === 'mysql' ? ' ' : ''),
        new_value: '{"level": 2}'.replace(' ', (await database.flavour()).kind === 'mysql' ? ' ' : ''),
        event_id: null,
        is_broadcasted: 0,
      },
    ]);
  });

  test('refuses an action that there is not', async () => {
    await expect(
      database.execute("CALL live_log_activity(1, 'SLEPT', NULL, NULL, NULL, NULL)"),
    ).rejects.toMatchObject({ errno: 1265 });
  });
});

describe('live_acknowledge', () => {
  let nextId = 1;
  const notify = async (scope: string, inbox = true) => {
    const id = nextId++;
    await database.execute(
      `INSERT INTO notification (id, event_id, scope, keep_class, type, inbox, title, message, data, created_at)
       VALUES (?, ?, ?, 'player', 'ANNOUNCEMENT', ?, 'T', 'M', '{}', UTC_TIMESTAMP(3))`,
      [id, id, scope, inbox],
    );
    return id;
  };
  const acknowledge = (id: number, action: string | null) =>
    database.execute('CALL live_acknowledge(?, ?, ?)', [ada.playerId, id, action]);
  const receipt = async () => {
    const [row] = await database.query<Record<string, Date | null>>(
      'SELECT seen_at AS seen, read_at AS `read`, archived_at AS archived FROM notification_receipt',
    );
    return row;
  };

  test('keeps the first moment of each: a repeat changes nothing', async () => {
    const id = await notify(`player:${ada.playerId}`);
    await acknowledge(id, 'seen');
    const seen = await receipt();
    expect(seen).toEqual({ seen: expect.any(Date), read: null, archived: null });
    await acknowledge(id, 'read');
    const read = await receipt();
    expect(read).toEqual({ seen: seen?.seen, read: expect.any(Date), archived: null });
    await database.query('SELECT SLEEP(0.01)');
    await acknowledge(id, 'read');
    await acknowledge(id, 'archive');
    expect(await receipt()).toEqual({ ...read, archived: expect.any(Date) });
  });

  test('takes back what was read or archived', async () => {
    const id = await notify('global');
    await acknowledge(id, 'read');
    await acknowledge(id, 'archive');
    await acknowledge(id, 'unread');
    expect(await receipt()).toMatchObject({ read: null, archived: expect.any(Date) });
    await acknowledge(id, 'unarchive');
    expect(await receipt()).toEqual({ seen: expect.any(Date), read: null, archived: null });
  });

  test('is for the player’s own inbox: the own scope, everybody’s, and the contests joined', async () => {
    const joined = await createContest(database);
    const other = await createContest(database);
    await joinContest(database, { contestId: joined, playerId: ada.playerId });
    await acknowledge(await notify(`contest:${joined}`), 'read');
    for (const id of [
      await notify(`contest:${other}`),
      await notify(`player:${ada.userId}`),
      await notify(`player:${ada.playerId}`, false),
      999_999,
    ]) {
      await expect(acknowledge(id, 'read')).rejects.toThrow('this player has no such notification');
    }
    expect(await database.query('SELECT COUNT(*) AS n FROM notification_receipt')).toEqual([{ n: 1 }]);
  });

  test.each(['reads', 'delete', '', null])('refuses the action %j', async (action) => {
    const id = await notify('global');
    await expect(acknowledge(id, action)).rejects.toThrow(
      'the action is seen, read, unread, archive or unarchive',
    );
  });
});

describe('live_register_session and live_disconnect_session', () => {
  const session = async (streamId: string) => {
    const [row] = await database.query('SELECT * FROM stream_session WHERE stream_id = ?', [streamId]);
    return row;
  };

  test('open a session, keep it alive, end it, and open it again', async () => {
    const streamId = randomUUID();
    const register = () =>
      database.execute("CALL live_register_session(?, ?, '127.0.0.1', 'curl')", [streamId, ada.playerId]);
    await register();
    expect(await session(streamId)).toMatchObject({
      node_id: 'sql',
      user_id: ada.userId,
      player_id: ada.playerId,
      last_delivered_id: 0,
      disconnected_at: null,
      user_agent: 'curl',
    });
    expect(JSON.parse(String((await session(streamId))?.scopes))).toEqual([`player:${ada.playerId}`]);
    expect(await database.query('SELECT stream_id FROM v_active_sessions')).toContainEqual({
      stream_id: streamId,
    });
    await database.execute("UPDATE stream_session SET last_heartbeat_at = '2026-01-01' WHERE stream_id = ?", [
      streamId,
    ]);
    await register();
    expect((await session(streamId))?.last_heartbeat_at).not.toEqual(new Date('2026-01-01T00:00:00Z'));
    await database.execute('CALL live_disconnect_session(?)', [streamId]);
    expect(await session(streamId)).toMatchObject({
      disconnected_at: expect.any(Date),
      close_reason: 'gone',
    });
    await register();
    expect(await session(streamId)).toMatchObject({ disconnected_at: null, close_reason: null });
  });

  test('leave a node’s stream to its node, which closes it on command', async () => {
    const streamId = randomUUID();
    await database.execute(
      `INSERT INTO stream_session (stream_id, node_id, scopes, connected_at, last_heartbeat_at, last_delivered_id)
       VALUES (?, ?, '[]', '2026-01-01', '2026-01-01', 0)`,
      [streamId, randomUUID()],
    );
    await database.execute('CALL live_register_session(?, ?, NULL, NULL)', [streamId, ada.playerId]);
    await database.execute('CALL live_disconnect_session(?)', [streamId]);
    expect(await session(streamId)).toMatchObject({
      player_id: null,
      last_heartbeat_at: new Date('2026-01-01T00:00:00Z'),
      disconnected_at: null,
      close_requested: 'disconnected',
      commanded_at: expect.any(Date),
    });
  });

  test('refuse a player that there is not', async () => {
    await expect(database.execute('CALL live_register_session(UUID(), 1, NULL, NULL)')).rejects.toThrow(
      'there is no such player',
    );
  });
});

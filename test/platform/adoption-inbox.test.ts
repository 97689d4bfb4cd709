import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestDatabase } from '../support/database/database.ts';
import { createPlayer, type PlayerIds } from '../support/database/platform.ts';
import { createPlatformTables, createSocketIoTables, notifyOld } from '../support/database/socketio.ts';
import { startServiceOn, type TestService } from '../support/service.ts';
import { listen } from '../support/wire/listener.ts';

const OLD = '2020-01-02 03:04:05';
const OLD_AT = '2020-01-02T03:04:05.000Z';

let live: TestService;
let ada: PlayerIds;
let bob: PlayerIds;

beforeAll(async () => {
  const made = await createTestDatabase({ migrated: false });
  const { database } = made;
  await createPlatformTables(database);
  ada = await createPlayer(database, { name: 'Ada' });
  bob = await createPlayer(database, { name: 'Bob' });
  await createSocketIoTables(database, { json: 'LONGTEXT' });
  for (let n = 1; n <= 6; n += 1) {
    await notifyOld(database, {
      player_id: n % 3 === 0 ? bob.playerId : ada.playerId,
      ...(n === 4 ? { type: 'LEVEL_UP', data: '{"oldLevel":1,"newLevel":2}' } : {}),
      title: `N${n}`,
      is_read: n < 4,
      created_at: OLD,
      read_at: n < 4 ? '2020-02-02 03:04:05' : null,
    });
  }
  await database.execute(
    `INSERT INTO activity_log (player_id, action_type, old_value, new_value, timestamp)
     VALUES (?, 'LEVEL_UP', '{"level":1}', '{"level":2}', ?), (?, 'LEVEL_UP', '5.', 'text', ?)`,
    [ada.playerId, OLD, ada.playerId, OLD],
  );
  // The service starts on the database as it is: no other command is needed.
  live = await startServiceOn(made);
});
afterAll(() => live.close());

async function ask(who: PlayerIds, path: string, method = 'GET') {
  const response = await fetch(live.url + path, {
    method,
    headers: { authorization: `Bearer ${await live.token(who.userId)}` },
  });
  return { status: response.status, body: await response.json() };
}

describe('A service on an adopted database', () => {
  test('lists old notifications in the inbox, with times, receipts and counts', async () => {
    const { body } = await ask(ada, '/notifications');
    expect(body.counts).toEqual({ unread: 2, unseen: 2, total: 4 });
    expect(body.items).toMatchObject([
      { id: 5, title: 'N5', type: 'ANNOUNCEMENT', at: OLD_AT, readAt: null, seenAt: null },
      { id: 4, title: 'N4', type: 'LEVEL_UP', data: { newLevel: 2 }, readAt: null },
      { id: 2, title: 'N2', at: OLD_AT, readAt: '2020-02-02T03:04:05.000Z' },
      { id: 1, title: 'N1', seenAt: '2020-02-02T03:04:05.000Z', readAt: '2020-02-02T03:04:05.000Z' },
    ]);
    expect((await ask(bob, '/notifications')).body.items).toMatchObject([{ title: 'N6' }, { title: 'N3' }]);
    expect((await ask(ada, '/notifications?unread=true&type=LEVEL_UP')).body.items).toHaveLength(1);
  });

  test('replays them to a stream that starts at the earliest, and continues with new ones', async () => {
    const token = await live.token(ada.userId);
    const listener = listen(`${live.url}/streams/players/me?lastEventId=earliest`, token, [
      'announcement',
      'level-up',
    ]);
    await listener.ready();
    expect(listener.opened[0]).toMatchObject({ recovered: true });
    expect(listener.received).toEqual([
      { id: 1, title: 'N1' },
      { id: 2, title: 'N2' },
      { id: 4, title: 'N4' },
      { id: 5, title: 'N5' },
    ]);
    await live.publish({
      type: 'ANNOUNCEMENT',
      data: { title: 'New', message: 'M', playerId: ada.playerId },
    });
    await expect.poll(() => listener.received.at(-1)?.title).toBe('New');
    listener.close();
  });

  test('marks old notifications as read like any others', async () => {
    expect((await ask(bob, '/notifications/6/read', 'PUT')).status).toBe(200);
    expect((await ask(bob, '/notifications/counts')).body).toMatchObject({ unread: 0, total: 2 });
    expect((await ask(bob, '/notifications/5/read', 'PUT')).status).toBe(404);
  });

  test('lists old activity in the player’s history', async () => {
    const { body } = await ask(ada, `/players/${ada.playerId}/activity`);
    expect(body.items).toMatchObject([
      { id: expect.any(Number), oldValue: '5.', newValue: 'text' },
      {
        id: expect.any(Number),
        action: 'LEVEL_UP',
        newValue: { level: 2 },
        at: OLD_AT,
        eventId: null,
      },
    ]);
  });
});

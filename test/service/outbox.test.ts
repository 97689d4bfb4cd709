import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { lockName } from '../../src/db/named-lock.ts';
import { insertRow, publishSql } from '../support/database/outbox.ts';
import { createPlayer, type PlayerIds } from '../support/database/platform.ts';
import { note, startService, startServiceOn, type TestService } from '../support/service.ts';
import { until } from '../support/until.ts';
import { listen } from '../support/wire/listener.ts';

describe('A service over a database that others write to', () => {
  let live: TestService;
  let ada: PlayerIds;
  beforeAll(async () => {
    live = await startService();
    ada = await createPlayer(live.test.database, { name: 'Ada' });
  });
  afterAll(() => live.close());

  async function watch(...names: string[]) {
    const url = `${live.url}/streams?scope=player:me&scope=global`;
    const listener = listen(url, await live.token(ada.userId), names);
    onTestFinished(() => listener.close());
    await listener.ready();
    return listener;
  }

  it('brings what SQL publishes to the open streams, in its order', async () => {
    const { received } = await watch('announcement');
    await live.test.database.transaction(async (tx) => {
      for (const title of ['a', 'b', 'c']) await publishSql(tx, title);
      await tx.execute("CALL live_create_notification(?, 'd', 'm', NULL)", [ada.playerId]);
    });
    await vi.waitFor(() => expect(received.length).toBe(4));
    expect(received.map(({ title }) => title)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('publishes to a player’s streams the receipts that SQL wrote, with the counts as they are', async () => {
    const published = await (await live.publish(note(ada.playerId, 'to be read'))).json();
    const id = published.events[0].notifications[0].id;
    const { source } = await watch('announcement');
    const receipts: { data: unknown }[] = [];
    source.addEventListener('receipts', (event) => receipts.push(JSON.parse(event.data)));
    await live.test.database.execute("CALL live_acknowledge(?, ?, 'archive')", [ada.playerId, id]);
    await vi.waitFor(() => expect(receipts).toHaveLength(1));
    const counts = await (
      await fetch(`${live.url}/notifications/counts`, {
        headers: { authorization: `Bearer ${await live.token(ada.userId)}` },
      })
    ).json();
    expect(receipts[0]?.data).toEqual({ playerId: ada.playerId, action: 'archived', ids: [id], counts });
  });

  it('publishes once what comes over REST and by SQL', async () => {
    const { received } = await watch('level-up', 'announcement');
    const idempotencyKey = `level-up:${ada.playerId}:12`;
    const data = { playerId: ada.playerId, oldLevel: 11, newLevel: 12 };
    await insertRow(live.test.database, 'LEVEL_UP', { ...data, playerName: 'Ada' }, idempotencyKey);
    await until(async () => (await live.test.database.query('SELECT 1 FROM event_outbox')).length === 0);
    expect((await live.publish({ type: 'LEVEL_UP', data, idempotencyKey })).status).toBe(200);
    await live.publish(note(ada.playerId, 'end'));
    await vi.waitFor(() => expect(received.at(-1)?.title).toBe('end'));
    // The player's own, and everybody's.
    expect(received.map(({ title }) => title)).toEqual(['Level 12', 'Level 12', 'end']);
  });

  it('measures waiting rows and dead letters', async () => {
    await insertRow(live.test.database, 'NOTHING', {});
    const gauges = async () => {
      const text = await (await fetch(`${live.url}/metrics`)).text();
      return text.split('\n').filter((line) => line.startsWith('live_outbox_'));
    };
    await vi.waitFor(
      async () =>
        expect(await gauges()).toEqual([
          'live_outbox_waiting 0',
          'live_outbox_failed 1',
          'live_outbox_oldest_seconds 0',
        ]),
      { interval: 200 },
    );
  });
});

it('What SQL publishes is relayed by another service when the one that did it is gone', {
  timeout: 60_000,
}, async () => {
  const live = await startService();
  const other = await startServiceOn(live.test);
  onTestFinished(() => other.close());
  const { database } = live.test;
  const gone = () =>
    until(async () => (await database.query('SELECT 1 FROM event_outbox')).length === 0, 20_000);
  const holder = async () => {
    const [lock] = await database.query<{ id: number | null }>('SELECT IS_USED_LOCK(?) AS id', [
      lockName(database.name, 'duties'),
    ]);
    return lock?.id ?? undefined;
  };
  await until(holder);
  await publishSql(database, 'a');
  await gone();
  // As if its process had died: the server sees its connection end.
  const first = await holder();
  await database.execute(`KILL ${first}`);
  await publishSql(database, 'b');
  await gone();
  await live.service.close();
  await publishSql(database, 'c');
  await gone();
  const rows = await database.query<{ data: string }>('SELECT data FROM notification ORDER BY id');
  expect(rows.map(({ data }) => JSON.parse(data).title).filter((title) => title !== undefined)).toEqual([
    'a',
    'b',
    'c',
  ]);
});

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deriveKeys } from '../../src/auth/keys.ts';
import { mintPlatformToken, mintServiceToken } from '../../src/auth/mint.ts';
import { createTestDatabase, type TestDatabase } from '../support/database/database.ts';
import { createPlayer, type PlayerIds } from '../support/database/platform.ts';
import { canFakeTime, wrongClock } from '../support/fake-time.ts';
import { environment, note, publishTo, SECRET, startServiceOn } from '../support/service.ts';
import { type ServiceProcess, startServiceProcess } from '../support/service-process.ts';
import { until } from '../support/until.ts';
import { readStream } from '../support/wire/raw-stream.ts';

const HOUR = 3_600_000;
const MINUTE = 60_000;

describe.skipIf(!canFakeTime).each(['+3h', '-3h', '+100d'])('A leader whose clock is %s off', (offset) => {
  let test: TestDatabase;
  let service: ServiceProcess;
  let player: PlayerIds;
  let serviceToken: string;
  const keyed = { ...note(0, 'with a key'), idempotencyKey: 'once' };
  const [open, closed, due] = [randomUUID(), randomUUID(), randomUUID()];

  beforeAll(async () => {
    test = await createTestDatabase();
    player = await createPlayer(test.database);
    keyed.data.playerId = player.playerId;
    serviceToken = await mintServiceToken(
      deriveKeys({ secret: SECRET, liveSecret: undefined }).service,
      'tests',
    );
    // Another node publishes, and leaves. What is a day old is kept, and what is a year old is due.
    const before = await startServiceOn({ ...test, drop: async () => {} });
    for (const title of ['due', 'a day old', 'new']) await before.publish(note(player.playerId, title));
    expect((await before.publish(keyed)).status).toBe(201);
    await before.close();
    await test.database.execute(
      `UPDATE notification SET created_at = created_at - INTERVAL CASE title WHEN 'due' THEN 365 ELSE 1 END DAY
        WHERE title IN ('due', 'a day old')`,
    );
    for (const [id, opened, ended, reason] of [
      // Another node's, which renews it.
      [open, 86_400, -600, null],
      [closed, 172_800, 86_400, 'gone'],
      [due, 31_536_000, 31_500_000, 'gone'],
    ])
      await test.database.execute(
        `INSERT INTO stream_session (stream_id, node_id, user_id, player_id, scopes, connected_at, last_heartbeat_at,
           expires_at, last_delivered_id, disconnected_at, close_reason)
         VALUES (?, 'other', ?, ?, '[]', UTC_TIMESTAMP(3) - INTERVAL ? SECOND, UTC_TIMESTAMP(3) - INTERVAL ? SECOND,
           UTC_TIMESTAMP(3) + INTERVAL 1 DAY, 0, IF(? IS NULL, NULL, UTC_TIMESTAMP(3) - INTERVAL ? SECOND), ?)`,
        [id, player.userId, player.playerId, opened, ended, reason, ended, reason],
      );
    service = await startServiceProcess({
      ...environment(test.url, { HEARTBEAT_INTERVAL: '1000' }),
      ...wrongClock(offset),
    });
  }, 240_000);
  afterAll(async () => {
    await service?.kill();
    await test.drop();
  });

  const titles = async () =>
    (
      await test.database.query<{ title: string }>('SELECT title FROM notification WHERE scope LIKE ?', [
        'player:%',
      ])
    ).map(({ title }) => title);
  const token = (expiresInMs: number) =>
    mintPlatformToken(SECRET, player.userId, {
      lifetimeS: HOUR / 1000,
      now: Date.now() + expiresInMs - HOUR,
    });

  it('deletes what is due by the time of the database, and nothing else', async () => {
    const sessions = async () =>
      (
        await test.database.query<{ id: string }>(
          "SELECT stream_id AS id FROM stream_session WHERE node_id = 'other'",
        )
      )
        .map(({ id }) => id)
        .sort();
    // Retention and the sweep have run once these are gone.
    await until(async () => !(await titles()).includes('due') && !(await sessions()).includes(due));
    expect((await titles()).filter((title) => title !== 'online')).toEqual([
      'a day old',
      'new',
      'with a key',
    ]);
    expect(await sessions()).toEqual([open, closed].sort());
    expect(
      await test.database.query('SELECT close_reason FROM stream_session WHERE stream_id = ?', [open]),
    ).toEqual([{ close_reason: null }]);
  });

  it('answers a repeated key as before', async () => {
    const again = await publishTo(service.url, serviceToken, keyed);
    expect([again.status, await again.json()]).toMatchObject([200, { events: [{ duplicate: true }] }]);
  });

  it('judges tokens by the time of the database, and keeps streams open', async () => {
    const ask = async (expiresInMs: number) =>
      (
        await fetch(`${service.url}/notifications`, {
          headers: { authorization: `Bearer ${await token(expiresInMs)}` },
        })
      ).status;
    expect([await ask(10 * MINUTE), await ask(-10 * MINUTE)]).toEqual([200, 401]);
    const stream = await readStream(`${service.url}/streams?scope=player:me`, {
      authorization: `Bearer ${await token(10 * MINUTE)}`,
    });
    await until(() => stream.events.some(({ event }) => event === 'caught-up'));
    const opened = JSON.parse(stream.events[0]?.data ?? '') as { serverTime: string; expiresAt: string };
    expect(Math.abs(Date.parse(opened.serverTime) - Date.now())).toBeLessThan(MINUTE);
    expect(Math.abs(Date.parse(opened.expiresAt) - Date.now() - 10 * MINUTE)).toBeLessThan(MINUTE);
    // Two keepalives later every stream has been judged several times.
    await until(() => stream.comments.length >= 2);
    expect([stream.ended, stream.events.map(({ event }) => event)]).toEqual([
      false,
      ['stream-open', 'caught-up'],
    ]);
    // Its row ages by the database's time.
    const [row] = await test.database.query<{ age: number }>(
      `SELECT ABS(TIMESTAMPDIFF(SECOND, connected_at, UTC_TIMESTAMP(3))) AS age FROM stream_session
        WHERE user_id = ? AND disconnected_at IS NULL AND node_id <> 'other'`,
      [player.userId],
    );
    expect(Number(row?.age)).toBeLessThan(60);
    stream.close();
  });
});

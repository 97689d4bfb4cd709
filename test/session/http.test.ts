import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { createAuth } from '../../src/auth/auth.ts';
import { mintPlatformToken } from '../../src/auth/mint.ts';
import { loadConfig } from '../../src/config/config.ts';
import { createApp } from '../../src/http/app.ts';
import { createCallers } from '../../src/http/callers.ts';
import type { Router } from '../../src/http/router.ts';
import { sessionRoutes } from '../../src/http/sessions.ts';
import { prepareDatabase } from '../support/database/database.ts';
import { createPlayer, createUser } from '../support/database/platform.ts';
import { SECRET, serviceTokenOf } from '../support/service.ts';
import { startNode, type TestNode } from './fixture.ts';

const HOUR_S = 3_600;

const db = prepareDatabase();
beforeEach(() => db.database.execute('DELETE FROM stream_session'));

/** A node that answers over HTTP. */
function site(): TestNode & { app: Router } {
  const node = startNode(db.url);
  onTestFinished(node.close);
  const config = loadConfig({ JWT_SECRET: SECRET });
  const auth = createAuth({ ...config, database: node.database, heartbeatTimeoutMs: 60_000 });
  const app = createApp({
    version: 'test',
    isAllowedOrigin: () => false,
    callers: createCallers({ ...auth, addressOf: () => undefined, bounds: config.http.bounds }),
    routers: [
      sessionRoutes({
        database: node.database,
        commands: node.commands,
        revocations: auth.revocations,
        streams: node.streams,
        heartbeatTimeoutMs: 60_000,
      }),
    ],
  });
  return { ...node, app };
}

const token = (userId: number, lifetimeS = HOUR_S) => mintPlatformToken(SECRET, userId, { lifetimeS });
const admin = async () => token(await createUser(db.database, { role: 'ADMIN' }));

interface Page {
  sessions: { streamId: string; playerName: string | null; scopes: string[]; closeReason: string | null }[];
  next: string | null;
}

async function send(app: Router, bearer: string | undefined, method: string, path: string) {
  const headers = bearer === undefined ? {} : { authorization: `Bearer ${bearer}` };
  return app.request(path, { method, headers });
}

async function page(app: Router, bearer: string, query = ''): Promise<Page> {
  const response = await send(app, bearer, 'GET', `/sessions${query}`);
  expect(response.status).toBe(200);
  return (await response.json()) as Page;
}

const idsOf = ({ sessions }: Page) => sessions.map(({ streamId }) => streamId);

async function streamOf(where: TestNode, who?: { userId: number; playerId: number }) {
  const ids = who ?? (await createPlayer(db.database));
  const { stream } = where.open({ ...ids, scopes: [`player:${ids.playerId}`], address: '203.0.113.9' });
  await where.writer.flush();
  return { ...ids, stream };
}

describe('GET /sessions', () => {
  test('shows admins the open streams of all nodes, as v_active_sessions does', async () => {
    const [one, two] = [site(), site()];
    const ada = await streamOf(one, await createPlayer(db.database, { name: 'Ada' }));
    const bob = await streamOf(two);
    const over = await streamOf(two);
    over.stream.close('slow');
    await two.writer.flush();

    const found = await page(one.app, await admin());
    expect(idsOf(found).sort()).toEqual([ada.stream.id, bob.stream.id].sort());
    const view = await db.database.query<{ stream_id: string }>('SELECT stream_id FROM v_active_sessions');
    expect(view.map(({ stream_id }) => stream_id).sort()).toEqual(idsOf(found).sort());
    expect(found.sessions.find(({ streamId }) => streamId === ada.stream.id)).toEqual({
      streamId: ada.stream.id,
      nodeId: one.id,
      userId: ada.userId,
      playerId: ada.playerId,
      playerName: 'Ada',
      scopes: [`player:${ada.playerId}`],
      connectedAt: expect.stringMatching(/^\d{4}-.+Z$/),
      lastHeartbeatAt: expect.stringMatching(/^\d{4}-.+Z$/),
      expiresAt: ada.stream.expiresAt.toISOString(),
      lastDeliveredId: 0,
      disconnectedAt: null,
      closeReason: null,
      address: '203.0.113.9',
      userAgent: null,
    });
  });

  test('finds the streams of a player, of a node, and the closed ones', async () => {
    const [one, two] = [site(), site()];
    const ada = await streamOf(one);
    const [bob, over] = [await streamOf(two), await streamOf(two, ada)];
    over.stream.close('slow');
    await two.writer.flush();
    const bearer = await admin();
    expect(idsOf(await page(one.app, bearer, `?player=${ada.playerId}`))).toEqual([ada.stream.id]);
    expect(idsOf(await page(one.app, bearer, `?node=${two.id}`))).toEqual([bob.stream.id]);
    const closed = await page(one.app, bearer, `?active=false&player=${ada.playerId}&node=${two.id}`);
    expect(idsOf(closed)).toEqual([over.stream.id]);
    expect(closed.sessions[0]?.closeReason).toBe('slow');
  });

  test.each(['true', 'false'])('has pages without gaps or repeats (active=%s)', async (active) => {
    const here = site();
    const streams = Array.from({ length: 7 }, (_, index) => here.open({ userId: index + 1 }).stream);
    if (active === 'false') for (const stream of streams) stream.close('slow');
    await here.writer.flush();
    // Some share every moment, some only one.
    await db.database.execute(
      `UPDATE stream_session SET connected_at = '2026-01-01 00:00:00',
         disconnected_at = IF(disconnected_at IS NULL, NULL, '2026-01-01 00:00:00') WHERE user_id <= 5`,
    );
    if (active === 'false')
      await db.database.execute(
        "UPDATE stream_session SET last_heartbeat_at = '2026-01-01 00:00:00' WHERE user_id <= 3",
      );
    const bearer = await admin();
    const seen: string[] = [];
    let cursor = '';
    for (let left = 10; left > 0; left--) {
      const found = await page(here.app, bearer, `?active=${active}&limit=2${cursor}`);
      seen.push(...idsOf(found));
      if (found.next === null) break;
      cursor = `&cursor=${found.next}`;
    }
    expect(seen.sort()).toEqual(streams.map(({ id }) => id).sort());
  });

  test.each([
    ['limit=0'],
    ['limit=201'],
    ['limit=x'],
    ['limit=0x10'],
    ['limit=1e2'],
    ['limit=+5'],
    ['active=maybe'],
    ['player=0'],
    ['node=%00'],
    ['cursor=%2e%2e'],
    ['cursor=AAAA'],
  ])('refuses ?%s', async (query) => {
    const here = site();
    const response = await send(here.app, await admin(), 'GET', `/sessions?${query}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: 'invalid-query' });
  });

  test('is for admins only, whatever the query', async () => {
    const here = site();
    const { userId } = await createPlayer(db.database);
    const service = await serviceTokenOf(SECRET);
    for (const query of ['', '?limit=0']) {
      expect((await send(here.app, await token(userId), 'GET', `/sessions${query}`)).status).toBe(403);
      expect((await send(here.app, service, 'GET', `/sessions${query}`)).status).toBe(403);
      expect((await send(here.app, undefined, 'GET', `/sessions${query}`)).status).toBe(401);
    }
  });
});

describe('DELETE /sessions/{id}', () => {
  test('lets a player close own streams, wherever they are, and no others', async () => {
    const [here, there] = [site(), site()];
    const ada = await streamOf(here);
    const [second, bob] = [await streamOf(there, ada), await streamOf(there)];
    const bearer = await token(ada.userId);
    const statuses = [];
    for (const { id } of [ada.stream, second.stream, bob.stream, { id: 'unknown' }])
      statuses.push((await send(here.app, bearer, 'DELETE', `/sessions/${id}`)).status);
    expect(statuses).toEqual([204, 204, 404, 404]);
    await there.commands.carryOut();
    expect([ada, second, bob].map(({ stream }) => stream.closeReason)).toEqual([
      'disconnected',
      'disconnected',
      undefined,
    ]);
  });

  test('answers alike for a foreign and an absent id', async () => {
    const [here, there] = [site(), site()];
    const [ada, bob] = [await streamOf(here), await streamOf(there)];
    const bearer = await token((await createPlayer(db.database)).userId);
    const answers = await Promise.all(
      [ada.stream.id, bob.stream.id, 'unknown'].map(async (id) =>
        (await send(here.app, bearer, 'DELETE', `/sessions/${id}`)).text(),
      ),
    );
    expect(new Set(answers).size).toBe(1);
  });

  test('lets an admin close any', async () => {
    const [here, there] = [site(), site()];
    const { stream } = await streamOf(there);
    expect((await send(here.app, await admin(), 'DELETE', `/sessions/${stream.id}`)).status).toBe(204);
    await there.commands.carryOut();
    expect(stream.closeReason).toBe('disconnected');
  });
});

describe('POST /streams/{id}/refresh', () => {
  test('extends an own stream to the end of the new token', async () => {
    const [here, there] = [site(), site()];
    const who = await createPlayer(db.database);
    for (const where of [here, there]) {
      const { stream } = await streamOf(where, who);
      const response = await send(
        here.app,
        await token(who.userId, 4 * HOUR_S),
        'POST',
        `/streams/${stream.id}/refresh`,
      );
      expect(response.status).toBe(200);
      const { expiresAt } = (await response.json()) as { expiresAt: string };
      await where.commands.carryOut();
      expect(stream.expiresAt.toISOString()).toBe(expiresAt);
      expect(stream.expiresAt.getTime()).toBeGreaterThan(Date.now() + 3 * HOUR_S * 1_000);
    }
  });

  test('is for own streams only, even for an admin', async () => {
    const here = site();
    const { stream } = await streamOf(here);
    const bearers = [await admin(), await token((await createPlayer(db.database)).userId)];
    for (const bearer of bearers) {
      for (const id of [stream.id, 'unknown'])
        expect((await send(here.app, bearer, 'POST', `/streams/${id}/refresh`)).status).toBe(404);
    }
    expect((await send(here.app, undefined, 'POST', `/streams/${stream.id}/refresh`)).status).toBe(401);
  });
});

describe('POST /users/{id}/revocations', () => {
  test('ends the tokens and the streams of the user', async () => {
    const here = site();
    const { userId, stream } = await streamOf(here);
    const bystander = await streamOf(here);
    const bearer = await token(userId);
    expect((await send(here.app, await admin(), 'POST', `/users/${userId}/revocations`)).status).toBe(204);
    expect(stream.closeReason).toBe('revoked');
    expect(bystander.stream.state).not.toBe('closed');
    expect((await send(here.app, bearer, 'DELETE', `/sessions/${stream.id}`)).status).toBe(401);
  });

  test('is for admins only, and for users that exist', async () => {
    const here = site();
    const { userId, stream } = await streamOf(here);
    const statuses = [
      await send(here.app, await token(userId), 'POST', `/users/${userId}/revocations`),
      await send(here.app, undefined, 'POST', `/users/${userId}/revocations`),
      await send(here.app, await admin(), 'POST', '/users/999999999/revocations'),
      await send(here.app, await admin(), 'POST', '/users/x/revocations'),
    ].map(({ status }) => status);
    expect(statuses).toEqual([403, 401, 404, 400]);
    expect(stream.state).not.toBe('closed');
  });
});

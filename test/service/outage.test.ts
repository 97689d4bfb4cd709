import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openDatabase } from '../../src/db/database.ts';
import { migrate } from '../../src/migrate/migrate.ts';
import type { TestDatabase } from '../support/database/database.ts';
import { startPrivateServer } from '../support/database/database-server.ts';
import { createPlayer } from '../support/database/platform.ts';
import { note, startServiceOn, type TestService } from '../support/service.ts';
import { readEventStream } from '../support/wire/event-stream.ts';
import { listen } from '../support/wire/listener.ts';

describe('While MariaDB is stopped, and while it is killed', () => {
  let server: Awaited<ReturnType<typeof startPrivateServer>>;
  let test: TestDatabase;
  let live: TestService;
  beforeAll(async () => {
    server = await startPrivateServer({ supervise: false });
    const database = openDatabase({ url: server.url });
    await migrate(database);
    test = { url: server.url, database, drop: () => database.close() };
    live = await startServiceOn(test);
  });
  afterAll(async () => {
    await live.close();
    await server.remove();
  });

  it('publishers get 503 problems, streams stay open, and everything goes on by itself', {
    timeout: 60_000,
  }, async () => {
    const { userId, playerId } = await createPlayer(test.database);
    const client = listen(`${live.url}/streams/players/me`, await live.token(userId));
    await client.ready();
    const sent: string[] = [];
    let number = 0;
    let refused = 0;
    let over = false;
    const publishing = (async () => {
      while (!over) {
        const title = `n${number++}`;
        for (;;) {
          const response = await live.publish({ ...note(playerId, title), idempotencyKey: title });
          if (response.status === 201 || response.status === 200) break;
          expect(response.status).toBe(503);
          expect(response.headers.get('content-type')).toBe('application/problem+json');
          expect(response.headers.get('retry-after')).not.toBeNull();
          expect(await response.json()).toMatchObject({ code: 'database-unavailable', status: 503 });
          refused++;
        }
        sent.push(title);
      }
    })();
    await vi.waitFor(() => expect(client.heard.length).toBeGreaterThan(20));
    for (let round = 0; round < 2; round++) {
      const before = refused;
      await (round === 0 ? server.stop() : server.kill());
      await vi.waitFor(() => expect(refused).toBeGreaterThan(before), { timeout: 20_000 });
      expect((await fetch(`${live.url}/health`)).status).toBe(200);
      expect((await fetch(`${live.url}/ready`)).status).toBe(503);
      const known = client.heard.length;
      await server.restart();
      await vi.waitFor(() => expect(client.heard.length).toBeGreaterThan(known + 20), { timeout: 20_000 });
    }
    over = true;
    await publishing;
    await vi.waitFor(() => expect(client.heard.length).toBe(sent.length));
    expect(client.heard.map((one) => one.title)).toEqual(sent);
    expect(client.opened).toHaveLength(1);
    client.close();
  });

  it('an EventSource that comes meanwhile is told to come back, since any error would end it for good', {
    timeout: 60_000,
  }, async () => {
    const { userId, playerId } = await createPlayer(test.database);
    const token = await live.token(userId);
    const ask = (headers: Record<string, string>) =>
      fetch(`${live.url}/streams/players/me`, { headers: { authorization: `Bearer ${token}`, ...headers } });
    await server.stop();
    const answer = await ask({ accept: 'text/event-stream', 'last-event-id': '0' });
    expect(answer.status).toBe(200);
    const { events, retry } = readEventStream(await answer.bytes());
    expect(events).toEqual([
      { event: 'stream-close', data: '{"reason":"shutdown","reconnect":true}', lastEventId: '0' },
    ]);
    expect(retry).toBeGreaterThanOrEqual(1_000);
    const refused = await ask({});
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).not.toBeNull();

    const client = listen(`${live.url}/streams/players/me`, token);
    await vi.waitFor(() => expect(client.closed).toBeGreaterThan(0), { timeout: 20_000 });
    await server.restart();
    await client.ready();
    await vi.waitFor(async () => expect((await live.publish(note(playerId, 'back'))).status).toBe(201), {
      timeout: 20_000,
    });
    await vi.waitFor(() => expect(client.heard.map(({ title }) => title)).toEqual(['back']));
    client.close();
  });
});

import { describe, expect, it, vi } from 'vitest';
import { createPlayer } from '../support/database/platform.ts';
import { note } from '../support/service.ts';
import { prepareServer } from '../support/service-on-server.ts';
import { readEventStream } from '../support/wire/event-stream.ts';
import { listen } from '../support/wire/listener.ts';

describe('While MariaDB is stopped, and while it is killed', () => {
  const own = prepareServer();

  it('publishers get 503 problems, streams stay open, and everything goes on by itself', {
    timeout: 60_000,
  }, async () => {
    const { userId, playerId } = await createPlayer(own.admin);
    const client = listen(`${own.live.url}/streams/players/me`, await own.live.token(userId));
    await client.ready();
    const sent: string[] = [];
    let number = 0;
    let refused = 0;
    let over = false;
    const publishing = (async () => {
      while (!over) {
        const title = `n${number++}`;
        for (;;) {
          const response = await own.live.publish({ ...note(playerId, title), idempotencyKey: title });
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
    await vi.waitFor(() => expect(client.received.length).toBeGreaterThan(20));
    for (let round = 0; round < 2; round++) {
      const before = refused;
      await (round === 0 ? own.server.stop() : own.server.kill());
      await vi.waitFor(() => expect(refused).toBeGreaterThan(before), { timeout: 20_000 });
      expect((await fetch(`${own.live.url}/health`)).status).toBe(200);
      expect((await fetch(`${own.live.url}/ready`)).status).toBe(503);
      const known = client.received.length;
      await own.server.restart();
      await vi.waitFor(() => expect(client.received.length).toBeGreaterThan(known + 20), { timeout: 20_000 });
    }
    over = true;
    await publishing;
    await vi.waitFor(() => expect(client.received.length).toBe(sent.length));
    expect(client.received.map((one) => one.title)).toEqual(sent);
    expect(client.opened).toHaveLength(1);
    client.close();
  });

  it('an EventSource that comes meanwhile is asked to come back, since any error would end it for good', {
    timeout: 60_000,
  }, async () => {
    const { userId, playerId } = await createPlayer(own.admin);
    const token = await own.live.token(userId);
    const ask = (headers: Record<string, string>) =>
      fetch(`${own.live.url}/streams/players/me`, {
        headers: { authorization: `Bearer ${token}`, ...headers },
      });
    await own.server.stop();
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

    const client = listen(`${own.live.url}/streams/players/me`, token);
    await vi.waitFor(() => expect(client.closed).toBeGreaterThan(0), { timeout: 20_000 });
    await own.server.restart();
    await client.ready();
    await vi.waitFor(async () => expect((await own.live.publish(note(playerId, 'back'))).status).toBe(201), {
      timeout: 20_000,
    });
    await vi.waitFor(() => expect(client.received.map(({ title }) => title)).toEqual(['back']));
    client.close();
  });
});

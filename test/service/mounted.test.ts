import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPlayer, type PlayerIds } from '../support/database/platform.ts';
import { startService, type TestService } from '../support/service.ts';

describe('The service inside another app', () => {
  let live: TestService;
  let player: PlayerIds;
  let server: ReturnType<typeof serve>;
  let url: string;
  beforeAll(async () => {
    live = await startService();
    player = await createPlayer(live.test.database);
    const app = new Hono();
    app.get('/', (c) => c.text('the platform'));
    app.route('/live', live.service.app);
    url = await new Promise((resolve) => {
      server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) =>
        resolve(`http://127.0.0.1:${port}`),
      );
    });
  });
  afterAll(async () => {
    await live.close();
    server.close();
  });

  it('opens streams with tokens and with tickets, and answers problems as it does by itself', async () => {
    const headers = {
      authorization: `Bearer ${await live.token(player.userId)}`,
      'content-type': 'application/json',
    };
    const body = JSON.stringify({ scopes: ['player:me'] });
    const bought = await fetch(`${url}/live/tickets`, { method: 'POST', headers, body });
    expect(bought.status).toBe(201);
    const { ticket } = (await bought.json()) as { ticket: string };

    for (const [query, extra] of [
      ['', headers],
      [`?ticket=${ticket}`, {}],
    ] as const) {
      const leaving = new AbortController();
      const stream = await fetch(`${url}/live/streams/players/me${query}`, {
        headers: extra,
        signal: leaving.signal,
      });
      expect(stream.status).toBe(200);
      expect(stream.headers.get('content-type')).toContain('text/event-stream');
      leaving.abort();
    }

    const refused = await fetch(`${url}/live/notifications?ticket=${ticket}`);
    expect([refused.status, await refused.json()]).toMatchObject([401, { code: 'ticket-invalid' }]);
    expect(await (await fetch(url)).text()).toBe('the platform');
  });
});

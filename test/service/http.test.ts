import { connect } from 'node:net';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { createApp } from '../../src/http/app.ts';
import { createRouter } from '../../src/http/router.ts';
import { listen } from '../../src/service/http-server.ts';
import { createPlayer, createUser, type PlayerIds } from '../support/database/platform.ts';
import { note, prepareService, startService } from '../support/service.ts';
import { exchange } from '../support/wire/raw-http.ts';

describe('The stream over HTTP', () => {
  const live = prepareService({ FRONTEND_URLS: 'https://codecraft.example' });
  let player: PlayerIds;
  let auth: string;
  const streams = async () =>
    ((await (await fetch(`${live.url}/health`)).json()) as { streams: number }).streams;
  const drained = () => vi.waitFor(async () => expect(await streams()).toBe(0));

  beforeAll(async () => {
    player = await createPlayer(live.test.database);
    auth = `Authorization: Bearer ${await live.token(player.userId)}`;
  });

  const get = (path: string, extra = '', version = '1.1') =>
    `GET ${path} HTTP/${version}\r\nHost: live\r\n${auth}\r\n${extra}\r\n`;

  it('carries the headers that keep proxies from holding it back', async () => {
    const answer = await exchange(live.url, get('/streams/players/me'), (text) => text.includes('caught-up'));
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer).toMatch(/^content-type: text\/event-stream; charset=utf-8\r$/im);
    expect(answer).toMatch(/^cache-control: no-store, no-transform\r$/im);
    expect(answer).toMatch(/^x-accel-buffering: no\r$/im);
    expect(answer).toMatch(/^transfer-encoding: chunked\r$/im);
    await drained();
  });

  it('carries the CORS headers of an origin that is allowed, and none of another', async () => {
    const ask = (origin: string) =>
      exchange(live.url, get('/streams/players/me', `Origin: ${origin}\r\n`), (text) =>
        text.includes('caught-up'),
      );
    expect(await ask('https://codecraft.example')).toMatch(
      /^access-control-allow-origin: https:\/\/codecraft\.example\r$/im,
    );
    expect(await ask('https://evil.example')).not.toMatch(/access-control-allow-origin/i);
    await drained();
  });

  it('lets pages of such an origin send every header that it reads, and see what it answers with', async () => {
    const preflight = await fetch(`${live.url}/contests/1/leaderboard`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://codecraft.example',
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'authorization,if-none-match',
      },
    });
    const allowed = preflight.headers.get('access-control-allow-headers')?.toLowerCase().split(',');
    const read = ['authorization', 'content-type', 'idempotency-key', 'if-none-match', 'last-event-id'];
    expect(allowed?.sort()).toEqual(read);
    expect(preflight.headers.get('access-control-allow-credentials')).toBe('true');
    expect(preflight.headers.get('vary')).toMatch(/\borigin\b/i);
  });

  it('opens no stream for HEAD', async () => {
    const response = await fetch(`${live.url}/streams/players/me`, {
      method: 'HEAD',
      headers: { authorization: auth.slice('Authorization: '.length) },
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(await streams()).toBe(0);
  });

  it('speaks without chunks to HTTP/1.0', async () => {
    const reading = exchange(live.url, get('/streams/players/me', '', '1.0'), (text) =>
      text.includes('"title":"old"'),
    );
    await vi.waitFor(async () => expect(await streams()).toBe(1));
    expect((await live.publish(note(player.playerId, 'old'))).status).toBe(201);
    const answer = await reading;
    expect(answer).not.toMatch(/transfer-encoding/i);
    expect(answer.split('\r\n\r\n')[1]).toMatch(
      /^retry: \d+\nid: \d+-[a-z0-9]+\nevent: stream-open\ndata: \{/,
    );
    await drained();
  });

  it('leaks none of 50 requests that are pipelined on one socket', async () => {
    const answer = await exchange(live.url, get('/streams/players/me').repeat(50), (text) =>
      text.includes('caught-up'),
    );
    expect(answer.match(/event: stream-open/g)).toHaveLength(1);
    await drained();
  });

  it('answers a WebSocket upgrade with a problem', async () => {
    const answer = await exchange(
      live.url,
      get('/streams/players/me', 'Connection: Upgrade\r\nUpgrade: websocket\r\n'),
      (text) => text.includes('upgrade-unsupported'),
    );
    expect(answer).toMatch(/^HTTP\/1\.1 426 /);
    expect(await streams()).toBe(0);
  });

  it('closes a stream whose reader does not keep up, and keeps serving the others', {
    timeout: 60_000,
  }, async () => {
    const small = await startService({ STREAM_MAX_UNSENT_BYTES: '65536' });
    const slow = await createPlayer(small.test.database);
    const socket = connect(Number(new URL(small.url).port), '127.0.0.1');
    socket.pause();
    socket.write(
      `GET /streams/players/me HTTP/1.1\r\nHost: live\r\nAuthorization: Bearer ${await small.token(slow.userId)}\r\n\r\n`,
    );
    const open = async () =>
      ((await (await fetch(`${small.url}/health`)).json()) as { streams: number }).streams;
    await vi.waitFor(async () => expect(await open()).toBe(1));
    const big = {
      type: 'ANNOUNCEMENT',
      data: { title: 'big', message: 'x'.repeat(10_000), playerId: slow.playerId },
    };
    for (let round = 0; round < 100 && (await open()) === 1; round++)
      expect((await small.publish(Array.from({ length: 20 }, () => big))).status).toBe(201);
    expect(await open()).toBe(0);
    socket.destroy();
    await small.close();
  });

  it('lets no account, player or not, hold more than the limit: the oldest gives way', async () => {
    const small = await startService({ MAX_STREAMS_PER_PLAYER: '2' });
    const company = await small.token(await createUser(small.test.database, { role: 'COMPANY' }));
    const bystander = await small.token((await createPlayer(small.test.database)).userId);
    const open = (token: string, enough: string) =>
      exchange(
        small.url,
        `GET /streams/global HTTP/1.1\r\nHost: live\r\nAuthorization: Bearer ${token}\r\n\r\n`,
        (text) => text.includes(enough),
      );
    const count = async () =>
      ((await (await fetch(`${small.url}/health`)).json()) as { streams: number }).streams;
    const others: Promise<string>[] = [];
    const oldest = open(company, 'stream-close');
    for (const [index, token] of [bystander, company, company].entries()) {
      await vi.waitFor(async () => expect(await count()).toBe(index + 1));
      others.push(open(token, 'stream-close'));
    }
    expect(await oldest).toContain('"reason":"replaced","reconnect":false');
    expect(await count()).toBe(3);
    await small.close();
    for (const text of await Promise.all(others)) expect(text).toContain('"reason":"shutdown"');
  });

  it('ends at the expiry of its token, and says so', { timeout: 20_000 }, async () => {
    const token = await live.token(player.userId, 3);
    const answer = await exchange(
      live.url,
      `GET /streams/players/me HTTP/1.1\r\nHost: live\r\nAuthorization: Bearer ${token}\r\n\r\n`,
    );
    expect(answer).toContain('event: stream-close\ndata: {"reason":"expired","reconnect":true}');
    expect(answer.endsWith('0\r\n\r\n')).toBe(true);
    await drained();
  });

  it('takes a client that hangs up in mid-request for no fault of its own', async () => {
    const faults: unknown[] = [];
    const failed: unknown[] = [];
    const router = createRouter();
    router.post('/', async (c) => {
      const reading = c.req.text();
      reached();
      return c.text(await reading.catch((error) => Promise.reject(failed.push(error) && error)));
    });
    let reached = () => {};
    const reading = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const app = createApp({
      version: '0',
      isAllowedOrigin: () => false,
      routers: [router],
      onError: (error) => faults.push(error),
    });
    const server = await listen(app, { host: '127.0.0.1', port: 0 });
    const socket = connect(server.port, '127.0.0.1');
    socket.write(
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{',
    );
    await reading;
    socket.destroy();
    await vi.waitFor(() => expect(failed).toHaveLength(1));
    await server.close();
    expect(faults).toEqual([]);
  });

  it('says goodbye when the service stops', async () => {
    const other = await startService();
    const someone = await createPlayer(other.test.database);
    const token = await other.token(someone.userId);
    let ready: (() => void) | undefined;
    const caughtUp = new Promise<void>((resolve) => {
      ready = resolve;
    });
    const reading = exchange(
      other.url,
      `GET /streams/players/me HTTP/1.1\r\nHost: live\r\nAuthorization: Bearer ${token}\r\n\r\n`,
      (text) => {
        if (text.includes('caught-up')) ready?.();
        return false;
      },
    );
    await caughtUp;
    await other.close();
    expect(await reading).toContain('{"reason":"shutdown","reconnect":true}');
  });
});

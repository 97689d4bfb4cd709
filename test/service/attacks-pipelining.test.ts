import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createApp } from '../../src/http/app.ts';
import { createRouter } from '../../src/http/router.ts';
import { type HttpServer, listen } from '../../src/service/http-server.ts';
import {
  type QueueLimits,
  type RequestListener,
  serializePerSocket,
} from '../../src/service/request-queue.ts';
import { exchange } from '../support/wire/raw-http.ts';

const LARGE = new Uint8Array(4 * 1024 * 1024);

const toClose: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close();
});

/** The routes of the service that need no database, and some that count. */
async function startApp(): Promise<{ port: number; dispatched: () => number; server: HttpServer }> {
  let dispatched = 0;
  const router = createRouter();
  router.use(async (_, next) => {
    dispatched += 1;
    await next();
  });
  router.get('/large', (c) => c.body(LARGE));
  router.get('/small/:number', (c) => c.text(`answer ${c.req.param('number')};`));
  const app = createApp({
    version: '0',
    isAllowedOrigin: (origin) => origin === 'https://allowed.example',
    routers: [router],
  });
  const server = await listen(app, { host: '127.0.0.1', port: 0 });
  toClose.push(() => server.close());
  return { port: server.port, dispatched: () => dispatched, server };
}

/** A client that sends and reads nothing. */
function mute(port: number, bytes: string): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.pause();
  socket.on('error', () => {});
  socket.write(bytes);
  toClose.push(() => socket.destroy());
  return socket;
}

const get = (path: string, headers = '') => `GET ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`;

describe('A client that pipelines', () => {
  it.each(['/large', '/docs/swagger-ui-bundle.js', '/openapi.json', '/nothing'])(
    '2,000 requests for %s and reads nothing has one of them dispatched, and others are answered',
    async (path) => {
      const { port, dispatched } = await startApp();
      const before = process.memoryUsage();
      const sockets = Array.from({ length: 10 }, () => mute(port, get(path).repeat(2_000)));
      const url = `http://127.0.0.1:${port}`;
      await expect.poll(() => sockets.every(({ bytesWritten }) => bytesWritten > 0)).toBe(true);
      for (let round = 0; round < 5; round += 1) expect((await fetch(`${url}/small/1`)).status).toBe(200);
      // A socket that was destroyed for what it sent shows as an error to a client that writes on.
      expect(dispatched()).toBeLessThanOrEqual(sockets.length + 5);
      expect(process.memoryUsage().rss - before.rss).toBeLessThan(150 * 1024 * 1024);
    },
  );

  it('a few requests, and reads, gets all answers in their order', async () => {
    const { port } = await startApp();
    const numbers = Array.from({ length: 60 }, (_, index) => index);
    const answer = await exchange(
      `http://127.0.0.1:${port}`,
      numbers.map((number) => get(`/small/${number}`)).join(''),
      (text) => text.includes('answer 59;'),
    );
    expect([...answer.matchAll(/answer (\d+);/g)].map(([, number]) => Number(number))).toEqual(numbers);
  });

  it('on and on, and reads, gets all answers: reading stops while requests wait, and goes on', async () => {
    const { port } = await startApp();
    const socket = connect(port, '127.0.0.1');
    toClose.push(() => socket.destroy());
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    for (let number = 0; number < 200; number += 20) {
      socket.write(Array.from({ length: 20 }, (_, index) => get(`/small/${number + index}`)).join(''));
      await expect.poll(() => text.includes(`answer ${number + 19};`)).toBe(true);
    }
  });

  it.each([
    ['', 'of the page itself'],
    ['Origin: https://allowed.example\r\n', 'of an allowed origin'],
  ])('unread answers share their bytes (%s)', async (headers) => {
    const { port } = await startApp();
    const url = `http://127.0.0.1:${port}/docs/swagger-ui-bundle.js`;
    await (await fetch(url)).arrayBuffer();
    const before = process.memoryUsage().arrayBuffers;
    const sockets = Array.from({ length: 60 }, () => mute(port, get('/docs/swagger-ui-bundle.js', headers)));
    await expect.poll(() => sockets.every(({ bytesWritten }) => bytesWritten > 0)).toBe(true);
    await (await fetch(url)).arrayBuffer();
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20 * 1024 * 1024);
  });
});

describe('The queue of a socket', () => {
  async function start(listener: RequestListener, limits: Partial<QueueLimits>): Promise<number> {
    const server = createServer(serializePerSocket(listener, limits));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    toClose.push(() => server.close());
    return (server.address() as AddressInfo).port;
  }

  it('destroys a socket whose answer is not read in time', async () => {
    let left = 0;
    const port = await start(
      (_, outgoing) => {
        outgoing.on('close', () => {
          left += 1;
        });
        outgoing.end(Buffer.alloc(32 * 1024 * 1024));
      },
      { unreadMs: 50, minBytesPerS: 1e12 },
    );
    mute(port, get('/'));
    await expect.poll(() => left).toBe(1);
  });

  it('leaves an answer alone that takes long to be made', async () => {
    const port = await start(
      (_, outgoing) => {
        outgoing.write('begun;');
        setTimeout(() => outgoing.end('done'), 300);
      },
      { unreadMs: 1, lingerMs: 1 },
    );
    const answer = await exchange(`http://127.0.0.1:${port}`, get('/'), (text) => text.includes('done'));
    expect(answer).toContain('begun;');
  });

  it('destroys a socket that goes on sending the body of a request that is answered', async () => {
    const port = await start((_, outgoing) => outgoing.end('no'), { lingerMs: 50 });
    const answer = await exchange(
      `http://127.0.0.1:${port}`,
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 [\s\S]*no$/);
  });

  it('goes on with the next request after a body that was refused has been sent', async () => {
    const port = await start((incoming, outgoing) => outgoing.end(`${incoming.method};`), {});
    const answer = await exchange(
      `http://127.0.0.1:${port}`,
      `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n0123456789${get('/')}`,
      (text) => text.includes('GET;'),
    );
    expect(answer).toMatch(/POST;[\s\S]*GET;/);
  });

  it('destroys a socket with more than the limit waiting, whatever it has read', async () => {
    let dispatched = 0;
    const port = await start(() => {
      dispatched += 1;
    }, {});
    expect(await exchange(`http://127.0.0.1:${port}`, get('/').repeat(100))).toBe('');
    expect(dispatched).toBe(1);
  });
});

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { promisify } from 'node:util';
import { createGunzip, gunzipSync } from 'node:zlib';
import { EventSource as EventSourceClient } from 'eventsource';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { launchChromium } from '../support/browser/chromium.ts';
import { createPlayer, type PlayerIds } from '../support/database/platform.ts';
import { prepareService } from '../support/service.ts';
import { readEventStream } from '../support/wire/event-stream.ts';
import { type ProxyName, type RunningProxy, startProxy } from '../support/wire/proxy.ts';
import { exchange } from '../support/wire/raw-http.ts';
import { readStream } from '../support/wire/raw-stream.ts';

const WAIT = { timeout: 30_000, interval: 20 };
/** Streams of a crowd: more than are sent a block before it is compressed. */
const CROWD = 12;

declare global {
  interface Window {
    titles: string[];
    failures: number;
  }
}

/** An event to all users. */
const toAll = (title: string) => ({
  type: 'ANNOUNCEMENT',
  data: { title, message: 'The same words again and again.' },
});
const rushOf = (name: string, count: number) =>
  Array.from({ length: count }, (_, index) => toAll(`${name} ${index}`));

describe('With STREAM_COMPRESSION=gzip', { timeout: 120_000 }, () => {
  const live = prepareService({ STREAM_COMPRESSION: 'gzip', HEARTBEAT_INTERVAL: '200' });
  let player: PlayerIds;
  let token: string;
  beforeAll(async () => {
    player = await createPlayer(live.test.database);
    token = await live.token(player.userId);
  });

  const url = (path = '/streams/global') => new URL(path, live.url);
  const publish = async (events: unknown) => expect((await live.publish(events)).status).toBe(201);
  const auth = () => ({ authorization: `Bearer ${token}` });

  /** Stream of which the bytes are kept as they come. */
  async function openRaw(headers: Record<string, string> = {}, version = '1.1') {
    const { hostname, port } = url();
    const socket = connect(Number(port), hostname);
    onTestFinished(() => void socket.destroy());
    await once(socket, 'connect');
    const sent = { host: 'x', ...auth(), 'accept-encoding': 'gzip', ...headers };
    const lines = Object.entries(sent).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`GET /streams/global HTTP/${version}\r\n${lines.join('')}\r\n`);
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk)).on('error', () => {});
    const closed = once(socket, 'close');
    return { socket, closed, received: () => Buffer.concat(chunks) };
  }

  const headOf = (received: Buffer) => received.toString('latin1').split('\r\n\r\n')[0]?.toLowerCase() ?? '';

  /** Body of a response, its chunks joined. */
  function bodyOf(received: Buffer): Buffer {
    let at = received.indexOf('\r\n\r\n') + 4;
    if (!headOf(received).includes('chunked')) return received.subarray(at);
    const parts: Buffer[] = [];
    while (at < received.length) {
      const end = received.indexOf('\r\n', at);
      const length = Number.parseInt(received.toString('latin1', at, end), 16);
      parts.push(received.subarray(end + 2, end + 2 + length));
      at = end + 4 + length;
    }
    return Buffer.concat(parts);
  }

  /** A crowd that is there while `use` runs, so that what is published is compressed. */
  async function withCrowd<T>(use: () => Promise<T>): Promise<T> {
    const crowd = await Promise.all(Array.from({ length: CROWD }, () => openRaw()));
    await vi.waitFor(() => {
      for (const { received } of crowd) expect(received().includes('caught-up')).toBe(true);
    }, WAIT);
    try {
      return await use();
    } finally {
      for (const { socket } of crowd) socket.destroy();
    }
  }

  async function closeStreams(): Promise<void> {
    await vi.waitFor(async () => {
      const { streams } = (await (await fetch(url('/health'))).json()) as { streams: number };
      expect(streams).toBe(0);
    }, WAIT);
  }

  it('a whole stream is one gzip file, with its trailer, and a third of the bytes in a rush', async () => {
    const shortLived = await live.token(player.userId, 6);
    const streams = await Promise.all(
      Array.from({ length: CROWD }, () => openRaw({ authorization: `Bearer ${shortLived}` })),
    );
    await publish(rushOf('rush', 1_000));
    await Promise.all(streams.map(({ closed }) => closed));
    const lengths: number[] = [];
    for (const { received } of streams) {
      expect(headOf(received())).toContain('content-encoding: gzip');
      expect(headOf(received())).toContain('vary: accept-encoding');
      const body = bodyOf(received());
      const { events, comments } = readEventStream(gunzipSync(body));
      const rush = events.filter(({ event }) => event === 'announcement');
      expect(rush.map(({ data }) => JSON.parse(data).title)).toEqual(
        rushOf('rush', 1_000).map(({ data }) => data.title),
      );
      expect(events.at(-1)?.event).toBe('stream-close');
      expect(comments.length).toBeGreaterThan(0);
      lengths.push(body.length / gunzipSync(body).length);
    }
    expect(Math.min(...lengths)).toBeLessThan(1 / 3);
  });

  it('a stream that asks for no compression, or refuses it, has none', async () => {
    for (const encoding of ['identity', 'gzip;q=0', 'br', '']) {
      const { received, socket } = await openRaw({ 'accept-encoding': encoding });
      await vi.waitFor(() => expect(received().includes('caught-up')).toBe(true), WAIT);
      expect(headOf(received())).not.toContain('content-encoding');
      socket.destroy();
    }
  });

  it('a stream of an admin is not compressed', async () => {
    const admin = await createPlayer(live.test.database, { role: 'ADMIN' });
    const { received } = await openRaw({ authorization: `Bearer ${await live.token(admin.userId)}` });
    await vi.waitFor(() => expect(received().includes('caught-up')).toBe(true), WAIT);
    expect(headOf(received())).not.toContain('content-encoding');
  });

  it('over HTTP/1.0 a stream is compressed without chunks', async () => {
    const shortLived = await live.token(player.userId, 2);
    const { closed, received } = await openRaw({ authorization: `Bearer ${shortLived}` }, '1.0');
    await closed;
    expect(headOf(received())).toContain('content-encoding: gzip');
    const { events } = readEventStream(gunzipSync(bodyOf(received())));
    expect(events.at(-1)?.event).toBe('stream-close');
  });

  it('HEAD opens nothing, and answers without a body', async () => {
    const { host } = url();
    const answer = await exchange(
      live.url,
      `HEAD /streams/global HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${token}\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer.split('\r\n\r\n')[1]).toBe('');
    await closeStreams();
  });

  it('a connection that is cut has had every event before the cut', async () => {
    await withCrowd(async () => {
      const { socket, received } = await openRaw();
      await vi.waitFor(() => expect(received().includes('caught-up')).toBe(true), WAIT);
      await publish(rushOf('before the cut', 200));
      const text = async () => {
        const gunzip = createGunzip({ finishFlush: 2 });
        const parts: Buffer[] = [];
        gunzip.on('data', (part) => parts.push(part)).end(bodyOf(received()));
        await once(gunzip, 'end');
        return Buffer.concat(parts).toString();
      };
      await vi.waitFor(async () => expect(await text()).toContain('before the cut 199'), WAIT);
      socket.destroy();
    });
  });

  it('fetch of Node is delivered each event at once, and resumes', async () => {
    await withCrowd(async () => {
      const stream = await readStream(String(url()), auth());
      expect(stream.response.headers.get('content-encoding')).toBe('gzip');
      const titles = () =>
        stream.events
          .filter(({ event }) => event === 'announcement')
          .map(({ data }) => JSON.parse(data).title);
      await vi.waitFor(
        () => expect(stream.events.some(({ event }) => event === 'caught-up')).toBe(true),
        WAIT,
      );
      await publish(toAll('one alone'));
      await vi.waitFor(() => expect(titles()).toEqual(['one alone']), WAIT);
      await publish(rushOf('fetched', 300));
      await vi.waitFor(() => expect(titles()).toHaveLength(301), WAIT);
      const cursor = stream.events.find(({ event }) => event === 'announcement')?.lastEventId as string;
      stream.close();
      const resumed = await readStream(String(url()), { ...auth(), 'last-event-id': cursor });
      await vi.waitFor(
        () => expect(resumed.events.filter(({ event }) => event === 'announcement')).toHaveLength(300),
        WAIT,
      );
      expect(JSON.parse(resumed.events[0]?.data ?? '').recovered).toBe(true);
      resumed.close();
    });
  });

  it('the eventsource package is delivered each event at once', async () => {
    await withCrowd(async () => {
      const encodings: (string | null)[] = [];
      const source = new EventSourceClient(String(url()), {
        fetch: async (input, init) => {
          const response = await fetch(input, { ...init, headers: { ...init?.headers, ...auth() } });
          encodings.push(response.headers.get('content-encoding'));
          return response;
        },
      });
      onTestFinished(() => source.close());
      const titles: string[] = [];
      source.addEventListener('announcement', ({ data }) => titles.push(JSON.parse(data).title));
      await new Promise((resolve) => source.addEventListener('caught-up', resolve));
      expect(encodings).toEqual(['gzip']);
      await publish(toAll('one alone'));
      await vi.waitFor(() => expect(titles).toEqual(['one alone']), WAIT);
      await publish(rushOf('packaged', 300));
      await vi.waitFor(() => expect(titles).toHaveLength(301), WAIT);
    });
  });

  it('curl --compressed prints each event at once, and ends without an error', async () => {
    await withCrowd(async () => {
      const shortLived = await live.token(player.userId, 5);
      const curl = spawn('curl', [
        '-sSN',
        '--compressed',
        '-H',
        `Authorization: Bearer ${shortLived}`,
        String(url()),
      ]);
      let [printed, complaints] = ['', ''];
      curl.stdout.setEncoding('utf8').on('data', (text) => (printed += text));
      curl.stderr.setEncoding('utf8').on('data', (text) => (complaints += text));
      const exited = once(curl, 'exit');
      await vi.waitFor(() => expect(printed).toContain('caught-up'), WAIT);
      await publish(toAll('one alone'));
      await vi.waitFor(() => expect(printed).toContain('one alone'), WAIT);
      await publish(rushOf('curled', 300));
      await vi.waitFor(() => expect(printed).toContain('curled 299'), WAIT);
      expect(await exited).toEqual([0, null]);
      expect(complaints).toBe('');
      expect(printed).toContain('event: stream-close');
    });
  });

  describe("Chromium's own EventSource", () => {
    let browser: Browser;
    let pages: Server;
    beforeAll(async () => {
      browser = await launchChromium();
      pages = createServer((_, response) => response.end('<!doctype html>')).listen(0, '127.0.0.1');
      await once(pages, 'listening');
    }, 300_000);
    afterAll(async () => {
      await browser?.close();
      pages?.close();
    });

    async function ticket(): Promise<string> {
      const response = await fetch(url('/tickets'), {
        method: 'POST',
        headers: { ...auth(), 'content-type': 'application/json' },
        body: JSON.stringify({ scopes: ['global'] }),
      });
      return ((await response.json()) as { ticket: string }).ticket;
    }

    async function receives(page: Page, base: string): Promise<void> {
      await page.goto(`http://127.0.0.1:${(pages.address() as AddressInfo).port}`);
      await page.evaluate(
        (address) => {
          window.titles = [];
          window.failures = 0;
          const source = new EventSource(address);
          source.addEventListener('caught-up', () => window.titles.push('caught up'));
          source.addEventListener('announcement', ({ data }) => window.titles.push(JSON.parse(data).title));
          source.onerror = () => {
            window.failures++;
          };
        },
        `${base}/streams/global?ticket=${await ticket()}`,
      );
      const titles = () => page.evaluate(() => window.titles);
      await vi.waitFor(async () => expect(await titles()).toEqual(['caught up']), WAIT);
      await publish(toAll('one alone'));
      await vi.waitFor(async () => expect(await titles()).toEqual(['caught up', 'one alone']), WAIT);
      await publish(rushOf('shown', 300));
      const expected = ['caught up', 'one alone', ...rushOf('shown', 300).map(({ data }) => data.title)];
      await vi.waitFor(async () => expect(await titles()).toEqual(expected), WAIT);
      expect(await page.evaluate(() => window.failures)).toBe(0);
    }

    it('is delivered each event at once', async () => {
      await withCrowd(async () => {
        const page = await browser.newPage();
        await receives(page, live.url);
        await page.close();
      });
    });

    describe.each(['nginx', 'haproxy'] as const)('behind %s', (name: ProxyName) => {
      let proxy: RunningProxy;
      beforeAll(async () => {
        const origin = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`;
        proxy = await startProxy(name, { port: Number(url().port), origin });
      }, 120_000);
      afterAll(() => proxy?.stop());

      it('is delivered each event at once, over HTTP/2', async () => {
        await withCrowd(async () => {
          const context = await browser.newContext({ ignoreHTTPSErrors: true });
          await receives(await context.newPage(), proxy.url);
          await context.close();
        });
        const { stdout } = await promisify(execFile)('curl', [
          '-sSk',
          '--http2',
          '--compressed',
          '-o',
          '/dev/null',
          '-w',
          '%{http_version} %header{content-encoding}',
          '-H',
          `Authorization: Bearer ${await live.token(player.userId, 2)}`,
          `${proxy.url}/streams/global`,
        ]);
        expect(stdout).toBe('2 gzip');
      });
    });
  });
});

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { mintPlatformToken } from '../../src/auth/mint.ts';
import { launchChromium } from '../support/browser/chromium.ts';
import { createTestDatabase, type TestDatabase } from '../support/database/database.ts';
import { createPlayer, type PlayerIds } from '../support/database/platform.ts';
import { environment, SECRET } from '../support/service.ts';
import { type ServiceProcess, startServiceProcess } from '../support/service-process.ts';
import { type ProxyName, type RunningProxy, startProxy } from '../support/wire/proxy.ts';

const WAIT = { timeout: 30_000, interval: 100 };

declare global {
  interface Window {
    source: EventSource;
    titlesRead: string[];
    failures: number;
  }
}

describe.each(['nginx', 'haproxy'] as const)('Behind %s', { timeout: 180_000 }, (name: ProxyName) => {
  let test: TestDatabase;
  let service: ServiceProcess;
  let proxy: RunningProxy;
  let pages: Server;
  let origin: string;
  let browser: Browser;
  let context: BrowserContext;
  let player: PlayerIds;
  let token: string;

  beforeAll(async () => {
    pages = createServer((_, response) => response.end('<!doctype html>')).listen(0, '127.0.0.1');
    await once(pages, 'listening');
    origin = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`;
    test = await createTestDatabase();
    player = await createPlayer(test.database);
    token = await mintPlatformToken(SECRET, player.userId, { lifetimeS: 3_600 });
    const settings = { TRUST_PROXY: '1', FRONTEND_URLS: origin, STREAM_RETRY_MS: '50' };
    service = await startServiceProcess(environment(test.url, settings));
    proxy = await startProxy(name, { port: Number(new URL(service.url).port), origin });
    browser = await launchChromium();
    context = await browser.newContext({ ignoreHTTPSErrors: true });
  }, 300_000);
  afterAll(async () => {
    await browser?.close();
    await proxy?.stop();
    await service?.kill();
    await test?.drop();
    pages?.close();
  });

  /** Publishes by SQL, which needs no service. */
  const publish = (title: string) =>
    test.database.execute('CALL live_publish(?, ?, ?)', [
      'ANNOUNCEMENT',
      JSON.stringify({ title, message: 'm', playerId: player.playerId }),
      `${name}:${title}`,
    ]);

  async function listenIn(page: Page, url: string, withCredentials: boolean): Promise<void> {
    await page.evaluate(
      ([address, credentials]) => {
        window.titlesRead = [];
        window.failures = 0;
        window.source = new EventSource(address, { withCredentials: credentials });
        window.source.addEventListener('announcement', ({ data }) =>
          window.titlesRead.push(JSON.parse(data).title),
        );
        window.source.onerror = () => window.failures++;
      },
      [url, withCredentials] as const,
    );
    await vi.waitFor(async () => expect(await page.evaluate(() => window.source.readyState)).toBe(1), WAIT);
  }

  /** Of another origin, by a ticket. */
  async function foreignPage(): Promise<Page> {
    const page = await context.newPage();
    await page.goto(origin);
    const response = await fetch(`${service.url}/tickets`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ scopes: ['player:me'] }),
    });
    const { ticket } = (await response.json()) as { ticket: string };
    await listenIn(page, `${proxy.url}/streams/players/me?ticket=${ticket}`, true);
    return page;
  }

  /** Of the service's own origin, by the platform's cookie. */
  async function ownPage(): Promise<Page> {
    await context.addCookies([{ name: 'token', value: token, url: proxy.url }]);
    const page = await context.newPage();
    await page.goto(`${proxy.url}/health`);
    await listenIn(page, '/streams/players/me', false);
    return page;
  }

  function ask(path: string, headers: Record<string, string>, method = 'GET') {
    return new Promise<{ status: number | undefined; headers: NodeJS.Dict<string | string[]>; body: string }>(
      (resolve, reject) => {
        const asked = request(
          `${proxy.url}${path}`,
          { method, headers, rejectUnauthorized: false },
          (answer) => {
            text(answer).then(
              (body) => resolve({ status: answer.statusCode, headers: answer.headers, body }),
              reject,
            );
          },
        );
        asked.on('error', reject);
        asked.end();
      },
    );
  }

  it('a restart of the service ends no EventSource, and loses nothing', async () => {
    const both = [await foreignPage(), await ownPage()];
    const received = (titles: readonly string[]) =>
      vi.waitFor(async () => {
        for (const page of both) expect(await page.evaluate(() => window.titlesRead)).toEqual(titles);
      }, WAIT);
    await publish('before');
    await received(['before']);

    await service.kill();
    await publish('meanwhile');
    // The cut, and answers while there is no service.
    await vi.waitFor(async () => {
      for (const page of both) expect(await page.evaluate(() => window.failures)).toBeGreaterThan(2);
    }, WAIT);
    for (const page of both) expect(await page.evaluate(() => window.source.readyState)).toBe(0);

    const asEventSource = { accept: 'text/event-stream' };
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => ask('/streams/global', { ...asEventSource, origin })),
    );
    for (const { status, headers, body } of answers) {
      expect(status).toBe(200);
      expect(headers).toMatchObject({
        'content-type': 'text/event-stream',
        'cache-control': 'no-store, no-transform',
        'access-control-allow-origin': origin,
        'access-control-allow-credentials': 'true',
        vary: 'Origin',
      });
      expect(body).toMatch(/^retry: [1-6]\d{3}\n\n$/);
    }
    expect(new Set(answers.map(({ body }) => body)).size).toBeGreaterThan(1);
    const stranger = await ask('/streams?scope=global', { ...asEventSource, origin: 'https://evil.example' });
    expect(stranger.status).toBe(200);
    expect(stranger.headers).not.toHaveProperty('access-control-allow-origin');
    expect(stranger.headers).not.toHaveProperty('access-control-allow-credentials');
    // A client other than an EventSource gets a 503.
    for (const [path, headers, method] of [
      ['/streams/global', { accept: '*/*' }, 'GET'],
      ['/streams/1/refresh', asEventSource, 'POST'],
      ['/notifications', asEventSource, 'GET'],
    ] as const)
      expect((await ask(path, headers, method)).status).toBeGreaterThanOrEqual(502);

    await service.start();
    await received(['before', 'meanwhile']);
    await publish('after');
    await received(['before', 'meanwhile', 'after']);
    for (const page of both) expect(await page.evaluate(() => window.source.readyState)).toBe(1);
    // The service's own refusals pass as they are.
    expect((await ask('/streams/global', asEventSource)).status).toBe(401);
  });
});

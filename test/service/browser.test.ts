import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { launchChromium } from '../support/browser/chromium.ts';
import { createPlayer, type PlayerIds } from '../support/database/platform.ts';
import { note, prepareService } from '../support/service.ts';
import { startCuttingProxy } from '../support/wire/cutting-proxy.ts';

declare global {
  interface Window {
    received: { title: string; cursor: string }[];
    openings: { recovered: boolean }[];
    failed: boolean;
  }
}

describe("Chromium's own EventSource", { timeout: 60_000 }, () => {
  const live = prepareService();
  let browser: Browser;
  let player: PlayerIds;
  beforeAll(async () => {
    player = await createPlayer(live.test.database);
    browser = await launchChromium();
  }, 300_000);
  afterAll(() => browser?.close());

  async function listen(page: Page, url: string): Promise<void> {
    await page.evaluate((address) => {
      window.received = [];
      window.openings = [];
      window.failed = false;
      const source = new EventSource(address);
      source.addEventListener('stream-open', (event) => window.openings.push(JSON.parse(event.data)));
      source.addEventListener('announcement', (event) =>
        window.received.push({ title: JSON.parse(event.data).title, cursor: event.lastEventId }),
      );
      source.onerror = () => {
        window.failed = source.readyState === EventSource.CLOSED;
      };
    }, url);
    await vi.waitFor(async () =>
      expect(await page.evaluate(() => window.openings.length)).toBeGreaterThan(0),
    );
  }

  async function receiveAcrossCuts(
    page: Page,
    base: string,
    cuts: () => number,
    prefix: string,
  ): Promise<void> {
    const sent: string[] = [];
    while (cuts() < 5) {
      const title = `${prefix}${sent.length}`;
      expect((await live.publish(note(player.playerId, title))).status).toBe(201);
      sent.push(title);
      await vi.waitFor(async () =>
        expect(await page.evaluate(() => window.received.length)).toBe(sent.length),
      );
    }
    expect(base).toBeTruthy();
    const received = await page.evaluate(() => window.received.map((one) => one.title));
    expect(received).toEqual(sent);
    const opened = await page.evaluate(() => window.openings);
    expect(opened.length).toBeGreaterThan(5);
    expect(opened.every((open) => open.recovered)).toBe(true);
    expect(await page.evaluate(() => window.failed)).toBe(false);
  }

  it('receives, reconnects and resumes with the platform’s cookie', async () => {
    let planned = 8;
    const proxy = await startCuttingProxy(live.url, () => (planned-- > 0 ? 2_500 : undefined));
    const context = await browser.newContext();
    await context.addCookies([
      { name: 'token', value: await live.token(player.userId), url: live.url, httpOnly: true },
    ]);
    const page = await context.newPage();
    await page.goto(`${proxy.url}/health`);
    await listen(page, '/streams/players/me?types=ANNOUNCEMENT');
    await receiveAcrossCuts(page, proxy.url, proxy.cuts, 'cookie');
    await context.close();
    await proxy.close();
  });

  it('receives, reconnects and resumes with a ticket', async () => {
    let planned = 8;
    const proxy = await startCuttingProxy(live.url, () => (planned-- > 0 ? 2_500 : undefined));
    const response = await fetch(`${live.url}/tickets`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${await live.token(player.userId)}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ scopes: ['player:me'] }),
    });
    const { ticket } = (await response.json()) as { ticket: string };
    const page = await browser.newPage();
    await page.goto(`${proxy.url}/health`);
    await listen(page, `/streams?types=ANNOUNCEMENT&ticket=${ticket}`);
    await receiveAcrossCuts(page, proxy.url, proxy.cuts, 'ticket');
    await page.close();
    await proxy.close();
  });
});

import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type * as Client from '../../src/client/index.ts';
import { launchChromium } from '../support/browser/chromium.ts';
import { bundleClient } from '../support/client/client-bundle.ts';
import { createPlayer, type PlayerIds } from '../support/database/platform.ts';
import { note, prepareService } from '../support/service.ts';

declare global {
  interface Window {
    codecraftLive: typeof Client;
    client: Client.LiveClient;
    titles: string[];
    opened: number;
  }
}

type PageOptions = Pick<Client.ConnectOptions, 'identity' | 'share' | 'transport'> & {
  token?: string;
  keep?: boolean;
};

describe('The client in Chromium', { timeout: 60_000 }, () => {
  const live = prepareService();
  let browser: Browser;
  let script: string;
  let player: PlayerIds;
  let token: string;
  let context: BrowserContext;
  beforeAll(async () => {
    script = (await bundleClient()).script;
    browser = await launchChromium();
  }, 300_000);
  beforeEach(async () => {
    player = await createPlayer(live.test.database);
    token = await live.token(player.userId);
    context = await browser.newContext();
  });
  afterEach(() => context.close());
  afterAll(() => browser?.close());

  async function connectIn(page: Page, options: PageOptions): Promise<void> {
    await page.addScriptTag({ content: script });
    await page.evaluate(({ token, keep, ...rest }) => {
      window.titles = [];
      window.opened = 0;
      window.client = window.codecraftLive.connect({
        url: '/',
        scopes: ['player:me'],
        backoff: { firstMs: 20, mostMs: 100 },
        ...(token === undefined ? {} : { getToken: () => token }),
        ...(keep ? { storage: sessionStorage } : {}),
        ...rest,
      });
      window.client.on('announcement', ({ title }) => window.titles.push(title));
      window.client.on('open', () => window.opened++);
    }, options);
    await state(page, 'open');
  }

  async function tab(options: PageOptions): Promise<Page> {
    const page = await context.newPage();
    await page.goto(`${live.url}/health`);
    await connectIn(page, options);
    return page;
  }

  const state = (page: Page, wanted: string) =>
    vi.waitFor(async () => expect(await page.evaluate(() => window.client.state)).toBe(wanted));
  const titles = (page: Page, wanted: readonly string[]) =>
    vi.waitFor(async () => expect(await page.evaluate(() => window.titles)).toEqual(wanted));
  const role = (page: Page) => page.evaluate(() => window.client.status.role);
  const leads = (page: Page) => vi.waitFor(async () => expect(await role(page)).toBe('leader'));

  async function publish(...wanted: string[]): Promise<void> {
    expect((await live.publish(wanted.map((title) => note(player.playerId, title)))).status).toBe(201);
  }
  async function openStreams(): Promise<number> {
    const [row] = await live.test.database.query<{ open: number }>(
      'SELECT COUNT(*) AS open FROM stream_session WHERE player_id = ? AND disconnected_at IS NULL',
      [player.playerId],
    );
    return Number(row?.open);
  }

  it('goes by the cookie with the browser’s own EventSource, and by a ticket', async () => {
    await context.addCookies([{ name: 'token', value: token, url: live.url, httpOnly: true }]);
    const byCookie = await tab({});
    const byTicket = await tab({ token, transport: 'eventsource' });
    await publish('one');
    await titles(byCookie, ['one']);
    await titles(byTicket, ['one']);
    expect(await byCookie.evaluate(() => window.client.api.counts())).toMatchObject({ unread: 1 });
  });

  it('goes on after a reload where the page was', async () => {
    const page = await tab({ token, keep: true });
    await publish('before');
    await titles(page, ['before']);
    await page.reload();
    await publish('meanwhile');
    await connectIn(page, { token, keep: true });
    await titles(page, ['meanwhile']);
  });

  it('shares and keeps by cookie, too, where the page names the user', async () => {
    await context.addCookies([{ name: 'token', value: token, url: live.url, httpOnly: true }]);
    const options = { identity: `user ${player.userId}`, share: true, keep: true };
    const [first, second] = [await tab(options), await tab(options)];
    await vi.waitFor(async () => expect(await openStreams()).toBe(1));
    await publish('before');
    for (const page of [first, second]) await titles(page, ['before']);
    await second.reload();
    await publish('meanwhile');
    await connectIn(second, options);
    for (const [page, received] of [
      [first, ['before', 'meanwhile']],
      [second, ['meanwhile']],
    ] as const)
      await titles(page, received);
    await vi.waitFor(async () => expect(await openStreams()).toBe(1));
  });

  it('is offline when the browser is, and catches up', async () => {
    const page = await tab({ token });
    await context.setOffline(true);
    await state(page, 'offline');
    await publish('missed');
    await context.setOffline(false);
    await state(page, 'open');
    await titles(page, ['missed']);
  });

  it('has one stream for all tabs, which the next tab takes over when the leader’s is closed', async () => {
    const [first, second, third] = [
      await tab({ token, share: true }),
      await tab({ token, share: true }),
      await tab({ token, share: true }),
    ];
    await vi.waitFor(async () => expect(await openStreams()).toBe(1));
    expect([await role(first), await role(second), await role(third)]).toEqual([
      'leader',
      'follower',
      'follower',
    ]);
    await publish('a');
    for (const page of [first, second, third]) await titles(page, ['a']);
    await first.close();
    await publish('b', 'c');
    for (const page of [second, third]) await titles(page, ['a', 'b', 'c']);
    await leads(second);
    await vi.waitFor(async () => expect(await openStreams()).toBe(1));
  });

  it('takes over from a tab that hangs, which is a follower when it is back', async () => {
    const share = { pingMs: 100 };
    const leader = await tab({ token, share });
    const follower = await tab({ token, share });
    const hanging = leader.evaluate(() => {
      const end = Date.now() + 5_000;
      while (Date.now() < end);
    });
    await leads(follower);
    await publish('hanging');
    await titles(follower, ['hanging']);
    await hanging;
    await titles(leader, ['hanging']);
    expect(await role(leader)).toBe('follower');
    await publish('after');
    for (const page of [leader, follower]) await titles(page, ['hanging', 'after']);
    await vi.waitFor(async () => expect(await openStreams()).toBe(1));
  });
});

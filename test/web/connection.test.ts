import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { mintPlatformToken } from '../../src/auth/mint.ts';
import { launchChromium } from '../support/browser/chromium.ts';
import { prepareDatabase } from '../support/database/database.ts';
import { environment, note, publishTo, SECRET, serviceTokenOf } from '../support/service.ts';
import { type ServiceProcess, startServiceProcess } from '../support/service-process.ts';
import {
  badge,
  contextOf,
  type DemoPlayer,
  demoPlayer,
  isLive,
  namesOf,
  openArena,
  QUIET_DEMO,
  unreadOf,
  until,
  userOf,
} from './arena-page.ts';

describe('The arena and its connection', { timeout: 90_000 }, () => {
  const test = prepareDatabase();
  let service: ServiceProcess;
  let browser: Browser;
  let context: BrowserContext;
  let ada: DemoPlayer;
  let page: Page;
  let serviceToken: string;

  beforeAll(async () => {
    service = await startServiceProcess(environment(test.url, QUIET_DEMO));
    browser = await launchChromium();
    ada = await demoPlayer(service.url, 'Ada Okafor');
    serviceToken = await serviceTokenOf(SECRET);
  }, 300_000);
  afterAll(async () => {
    await browser?.close();
    await service.kill();
  });
  beforeEach(async () => {
    context = await contextOf(browser, ada);
    page = await openArena(context, service.url);
  });
  afterEach(() => context.close());

  const publish = async (title: string) =>
    expect((await publishTo(service.url, serviceToken, note(ada.playerId, title))).status).toBe(201);
  const state = () => badge(page).getAttribute('data-state');
  const timesAnnounced = async (title: string) => {
    const entries = page.locator('.ccl-entry-title');
    await page.locator('.ccl-bell').click();
    await entries.first().waitFor();
    const count = await entries.filter({ hasText: title }).count();
    await page.keyboard.press('Escape');
    await entries.first().waitFor({ state: 'detached' });
    return count;
  };

  it('reports that the service is gone, comes back by itself, and doubles nothing', async () => {
    const before = await unreadOf(page);
    const names = await namesOf(page);
    await publish('Before the end');
    await until(async () => expect(await unreadOf(page)).toBe(before + 1));
    await service.kill();
    await until(async () => expect(await state()).toBe('waiting'));
    await page
      .locator('.notices')
      .getByText(/The connection was lost at/)
      .waitFor();
    // What was there is still there.
    expect(await namesOf(page)).toEqual(names);
    await service.start();
    await publish('Without a stream');
    await isLive(page);
    await until(async () => expect(await unreadOf(page)).toBe(before + 2));
    expect(await timesAnnounced('Before the end')).toBe(1);
    expect(await timesAnnounced('Without a stream')).toBe(1);
    expect(await page.locator('.ccl-row').count()).toBe(names.length);
  });

  it('reports that there is no network, and catches up when there is', async () => {
    const before = await unreadOf(page);
    await context.setOffline(true);
    await until(async () => expect(await state()).toBe('offline'));
    await page
      .locator('.notices')
      .getByText(/^No network\./)
      .waitFor();
    await publish('While offline');
    await context.setOffline(false);
    await isLive(page);
    await page
      .locator('.notices')
      .getByText(/^Back\./)
      .waitFor();
    await until(async () => expect(await unreadOf(page)).toBe(before + 1));
    expect(await timesAnnounced('While offline')).toBe(1);
  });

  it('goes on when a token runs out in mid-stream', async () => {
    const short = await contextOf(browser, ada);
    let minted = 0;
    const userId = await userOf(test.database, ada.playerId);
    await short.route('**/demo/tokens', async (route) => {
      minted += 1;
      const exp = Math.floor(Date.now() / 1000) + 4;
      const token = await mintPlatformToken(SECRET, userId, { lifetimeS: 4 });
      const expiresAt = new Date(exp * 1000).toISOString();
      await route.fulfill({ status: 201, json: { token, playerId: ada.playerId, expiresAt } });
    });
    await context.close();
    page = await openArena(short, service.url);
    const before = await unreadOf(page);
    // The tokens that the page began with are long over by then.
    const began = minted;
    await until(() => expect(minted).toBeGreaterThan(began + 2));
    await publish('Under a later token');
    await until(async () => expect(await unreadOf(page)).toBe(before + 1));
    expect(await timesAnnounced('Under a later token')).toBe(1);
    await short.close();
  });
});

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createApp } from '../../src/http/app.ts';
import { launchChromium } from '../support/browser/chromium.ts';
import { createPlayer } from '../support/database/platform.ts';
import { prepareService } from '../support/service.ts';

describe('The API, described to browse and to try', { timeout: 60_000 }, () => {
  const live = prepareService();
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  }, 300_000);
  afterAll(() => browser?.close());

  it('is made once, since making it holds everybody up', async () => {
    const fresh = createApp({ version: '9.9.9', isAllowedOrigin: () => false, routers: [] });
    const making = vi.spyOn(fresh, 'getOpenAPI31Document');
    const [first, second] = [await fresh.request('/openapi.json'), await fresh.request('/openapi.json')];
    expect(await first.json()).toMatchObject({ openapi: '3.1.0', info: { version: '9.9.9' } });
    expect(second.headers.get('content-type')).toBe('application/json');
    expect(making).toHaveBeenCalledTimes(1);
  });

  it('works in a browser that runs nothing but what this service serves', async () => {
    const answer = await fetch(`${live.url}/docs`);
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'");

    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => void complaints.push(message.text()));
    page.on('pageerror', (error) => void complaints.push(error.message));
    await page.goto(`${live.url}/docs`);
    const counts = page.locator('#operations-Inbox-get_notifications_counts');
    await counts.waitFor();

    const { userId } = await createPlayer(live.test.database);
    await page.locator('.btn.authorize').click();
    await page
      .locator('.auth-container input')
      .first()
      .fill(await live.token(userId));
    await page.locator('.auth-container .btn.authorize').first().click();
    await page.locator('.btn-done').first().click();
    await counts.click();
    await counts.locator('.execute').click();
    await counts.locator('.live-responses-table .response-col_status', { hasText: '200' }).waitFor();
    expect(await counts.locator('.live-responses-table').textContent()).toContain('"unread": 0');
    expect(complaints).toEqual([]);
    await page.close();
  });
});

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import { createPlayer } from '../support/platform.ts';
import { startService, type TestService } from '../support/service.ts';

describe('The API, described to browse and to try', { timeout: 60_000 }, () => {
  let live: TestService;
  let browser: Browser;
  beforeAll(async () => {
    live = await startService();
    browser = await launchChromium();
  }, 300_000);
  afterAll(async () => {
    await browser?.close();
    await live.close();
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

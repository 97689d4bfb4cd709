import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from '../support/browser/chromium.ts';
import { coloursOf } from '../support/browser/look.ts';
import { startService, type TestService } from '../support/service.ts';
import { contextOf, type DemoPlayer, demoPlayer, openArena, QUIET_DEMO, until } from './arena-page.ts';

describe('The colours of the arena', { timeout: 60_000 }, () => {
  let live: TestService;
  let browser: Browser;
  let ada: DemoPlayer;
  beforeAll(async () => {
    live = await startService(QUIET_DEMO);
    browser = await launchChromium();
    ada = await demoPlayer(live.url, 'Ada Okafor');
  }, 300_000);
  afterAll(async () => {
    await browser?.close();
    await live?.close();
  });

  it('are what their button says, whatever the system prefers, also after a reload', async () => {
    for (const [system, wanted] of [
      ['light', 'dark'],
      ['dark', 'light'],
    ] as const) {
      const context = await contextOf(browser, ada);
      const page = await openArena(context, live.url);
      await page.emulateMedia({ colorScheme: system, reducedMotion: 'reduce' });
      const button = page.getByRole('button', { name: /^Colours/ });
      while ((await button.getAttribute('aria-label')) !== `Colours: ${wanted}`) await button.click();
      await until(async () => {
        for (const text of ['.ccl-name', '.feed h2', '.contest-title', '.bar']) {
          const { ground } = await coloursOf(page.locator(text).first());
          if (wanted === 'dark') expect(ground, text).toBeLessThan(0.05);
          else expect(ground, text).toBeGreaterThan(0.7);
        }
      });
      await page.reload();
      await page.locator('.ccl-row').first().waitFor();
      expect(await schemeOf(page)).toBe(wanted);
      await context.close();
    }
  });
});

const schemeOf = (page: Page) => page.evaluate(() => getComputedStyle(document.documentElement).colorScheme);

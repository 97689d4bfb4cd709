import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { coloursOf } from '../support/browser/look.ts';
import { contextOf, openArena, until } from './arena-page.ts';
import { prepareDemo } from './fixture.ts';

describe('The colours of the arena', { timeout: 60_000 }, () => {
  const demo = prepareDemo();

  it('are what their button says, whatever the system prefers, also after a reload', async () => {
    for (const [system, wanted] of [
      ['light', 'dark'],
      ['dark', 'light'],
    ] as const) {
      const context = await contextOf(demo.browser, demo.ada);
      const page = await openArena(context, demo.live.url);
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

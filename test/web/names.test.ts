import type { Locator } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { charactersOf } from '../support/browser/look.ts';
import { note } from '../support/service.ts';
import { contextOf, openArena, solved } from './arena-page.ts';
import { prepareDemo } from './fixture.ts';
import { connect, eventRows, openDebugger } from './tool-pages.ts';

/** Turns around all that follows it on its line, if it can, and ends an isolation before. */
const TURNING = 'Eve\u2069\u202e';
const HEBREW = 'אברהם';

describe('Names on the pages of the service', { timeout: 60_000 }, () => {
  const demo = prepareDemo();

  /** Whether an element's characters follow each other from left to right. */
  async function runsToTheRight(element: Locator): Promise<boolean> {
    const drawn = (await charactersOf(element)).filter(({ left, right }) => right > left);
    return drawn.length > 1 && drawn.every(({ left }, at) => at === 0 || left >= (drawn[at - 1]?.left ?? 0));
  }
  /** The left edge of an element's text, px. */
  async function leftOf(element: Locator): Promise<number> {
    return Math.min(...(await charactersOf(element)).map(({ left }) => left));
  }

  it('turn nothing around in the feed, nor in toasts', async () => {
    const context = await contextOf(demo.browser, demo.ada);
    const page = await openArena(context, demo.live.url);
    await demo.live.publish([
      solved(demo.contestId, { ...demo.ada, playerName: TURNING }, 903, 'Pig'),
      solved(demo.contestId, { ...demo.ada, playerName: HEBREW }, 904, '2 of 3'),
      note(demo.ada.playerId, `${TURNING} news`),
    ]);
    const line = page.locator('.feed li', { hasText: 'Pig' });
    await line.waitFor();
    expect(await runsToTheRight(line.locator('p'))).toBe(true);
    const hebrew = page.locator('.feed li', { hasText: HEBREW });
    expect(await runsToTheRight(hebrew.locator('p > span'))).toBe(true);
    expect(await leftOf(hebrew.locator('p > span'))).toBeGreaterThan(await leftOf(hebrew.locator('p > b')));
    const toast = page.locator('.ccl-toast', { hasText: 'news' });
    await toast.waitFor();
    expect(await runsToTheRight(toast.locator('.ccl-toast-title'))).toBe(true);
    expect(await toast.getByRole('button').getAttribute('aria-label')).toBe('Dismiss: Eve news');
    await context.close();
  });

  it('are spelt out in the debugger, where they would be obeyed', async () => {
    const context = await contextOf(demo.browser, demo.ada);
    const page = await openDebugger(context, demo.live.url);
    await connect(page);
    await demo.live.publish(note(demo.ada.playerId, `${TURNING} again`));
    const row = eventRows(page, 'again').first();
    await row.waitFor();
    expect(await row.locator('.frame-raw').textContent()).toContain('Eve\\u2069\\u202e again');
    expect(await page.locator('.debug-main').textContent()).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/);
    await context.close();
  });
});

import type { BrowserContext, Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  contextOf,
  type DemoPlayer,
  demoPlayer,
  isLive,
  namesOf,
  openArena,
  score,
  solved,
  unreadOf,
  until,
  userOf,
} from './arena-page.ts';
import { prepareDemo } from './fixture.ts';

describe('The arena', { timeout: 60_000 }, () => {
  const demo = prepareDemo();
  let context: BrowserContext;
  let page: Page;
  let lea: DemoPlayer;
  let adaUserId: number;
  const faults: string[] = [];

  beforeAll(async () => {
    adaUserId = await userOf(demo.live.test.database, demo.ada.playerId);
    lea = await demoPlayer(demo.live.url, 'Léa Moreau');
    context = await contextOf(demo.browser, demo.ada);
    context.on('weberror', (error) => faults.push(error.error().message));
    context.on('console', (message) => {
      if (message.type() === 'error') faults.push(message.text());
    });
    page = await openArena(context, demo.live.url);
  }, 300_000);

  it('lets a visitor in as a demo player, and remembers them', async () => {
    const visitor = await (await demo.browser.newContext()).newPage();
    await visitor.goto(demo.live.url);
    for (const [name, path] of [
      ['the debugger', '/debug'],
      ['the operator’s page', '/ops'],
      ['the API', '/docs'],
    ] as const)
      expect(
        await visitor.getByRole('link', { name }).evaluate((it) => (it as HTMLAnchorElement).pathname),
      ).toBe(path);
    await visitor.getByRole('button', { name: /Ada Okafor/ }).click();
    await visitor.locator('.ccl-row[data-you] .ccl-name').waitFor();
    expect(await visitor.locator('.ccl-row[data-you] .ccl-name').textContent()).toBe('Ada Okafor');
    await visitor.reload();
    await visitor.locator('.ccl-row[data-you]').waitFor();
    await visitor.getByRole('button', { name: 'Leave' }).click();
    await visitor.getByRole('button', { name: /Ada Okafor/ }).waitFor();
    await visitor.context().close();
  });

  it('takes a pasted token, and reports what is wrong with another', async () => {
    const visitor = await (await demo.browser.newContext()).newPage();
    await visitor.goto(demo.live.url);
    const field = visitor.getByLabel('Or paste your platform token');
    await field.fill('nonsense');
    await field.press('Enter');
    await visitor.getByRole('alert').getByText('The token is not valid').waitFor();
    const userId = await userOf(demo.live.test.database, lea.playerId);
    await field.fill(`Bearer ${await demo.live.token(userId)}`);
    await field.press('Enter');
    await visitor.locator('.ccl-row[data-you] .ccl-name').getByText('Léa Moreau').waitFor();
    await visitor.context().close();
  });

  it('moves rows to their new places, and shows the solve', async () => {
    expect((await namesOf(page)).at(0)).not.toBe('Léa Moreau');
    await score(demo.live.test.database, demo.contestId, lea.playerId, 5_000);
    await demo.live.publish(solved(demo.contestId, lea, 901, 'Towers of Tokyo'));
    await until(async () => expect((await namesOf(page)).at(0)).toBe('Léa Moreau'));
    const top = page.locator('.ccl-row').first();
    expect(await top.getAttribute('data-rank')).toBe('1');
    expect(await top.locator('.ccl-move').getAttribute('data-way')).toBe('1');
    const line = page.locator('.feed li', { hasText: 'Towers of Tokyo' });
    await line.waitFor();
    expect(await line.count()).toBe(1);
    // What glides is the row itself, not one that appears in its place.
    await until(async () => expect(Math.round((await top.boundingBox())?.y ?? 0)).toBeGreaterThan(0));
  });

  it('counts the viewer’s place and the time that is left', async () => {
    expect(await page.locator('.scorebug h1').textContent()).toBe('Friday Sprint');
    const shown = async () => (await page.getByRole('timer').textContent()) ?? '';
    expect(await shown()).toMatch(/^\d d \d\d:\d\d:\d\d$/);
    const first = await shown();
    await until(async () => expect(await shown()).not.toBe(first));
    const rank = await page.locator('.ccl-row[data-you]').getAttribute('data-rank');
    expect(await page.locator('.place').textContent()).toMatch(new RegExp(`^${rank}(st|nd|rd|th)$`));
  });

  it('shows players what happens to them: a toast, the bell, the inbox', async () => {
    const { playerId } = demo.ada;
    await demo.live.publish({ type: 'LEVEL_UP', data: { playerId, oldLevel: 11, newLevel: 40 } });
    await page.locator('.ccl-toast').getByText('Level 40', { exact: true }).waitFor();
    await agreed();
    expect(await unreadOf(page)).toBeGreaterThan(0);
    await page.keyboard.press('Escape');
    await page.locator('.ccl-bell').focus();
    await page.keyboard.press('Enter');
    const entry = page.getByRole('dialog', { name: 'Notifications' }).locator('li', { hasText: 'Level 40' });
    await entry.getByRole('button', { name: /Mark read/ }).click();
    await entry.getByRole('button', { name: /Mark unread/ }).waitFor();
    await agreed();
    await entry.getByRole('button', { name: /Archive/ }).click();
    await until(async () => expect(await entry.count()).toBe(0));
    await agreed();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    expect(await page.evaluate(() => document.activeElement?.className)).toContain('ccl-bell');
  });

  /** Page and service count alike, whatever else was published meanwhile. */
  const agreed = () =>
    until(async () => {
      const answer = await fetch(`${demo.live.url}/notifications/counts`, {
        headers: { authorization: `Bearer ${await demo.live.token(adaUserId)}` },
      });
      expect(await unreadOf(page)).toBe(((await answer.json()) as { unread: number }).unread);
    });

  it('does not move while the leaderboard is frozen, and moves on afterwards', async () => {
    const { database } = demo.live.test;
    const freeze = (frozen: number) =>
      database.execute('UPDATE contest SET leaderboard_frozen = ? WHERE id = ?', [frozen, demo.contestId]);
    const leader = (await namesOf(page))[0];
    await freeze(1);
    await page.locator('.ccl-frozen').waitFor();
    await score(database, demo.contestId, demo.ada.playerId, 20_000);
    await demo.live.publish(solved(demo.contestId, demo.ada, 902, 'Behind the Curtain'));
    // The solver alone is notified at once; it says that the score is in by now.
    await until(async () => {
      const [row] = await database.query<{ published: number }>(
        "SELECT COUNT(*) AS published FROM notification WHERE type = 'PROBLEM_SOLVED' AND scope = ?",
        [`player:${demo.ada.playerId}`],
      );
      expect(Number(row?.published)).toBeGreaterThan(0);
    });
    expect((await namesOf(page))[0]).toBe(leader);
    await freeze(0);
    await page.locator('.ccl-frozen').waitFor({ state: 'detached' });
    await until(async () => expect((await namesOf(page))[0]).toBe('Ada Okafor'));
  });

  it('keeps the contest in the address, and shows another when it is chosen', async () => {
    await page
      .getByRole('navigation', { name: 'Contests' })
      .getByRole('button', { name: /Winter/ })
      .click();
    await page.locator('.scorebug h1').getByText('Winter Warm-up').waitFor();
    await page.locator('.ccl-row').first().waitFor();
    // A week ago: the hour alone would say today.
    expect(await page.locator('.feed time').first().textContent()).toMatch(/^\d+ [A-Z][a-z]{2}/);
    expect(await page.locator('.scorebug-clock').textContent()).toMatch(/^Ended\d+ [A-Z][a-z]{2}/);
    await page.reload();
    await page.locator('.scorebug h1').getByText('Winter Warm-up').waitFor();
    await page.goBack();
    await page.locator('.scorebug h1').getByText('Friday Sprint').waitFor();
    await isLive(page);
  });

  it('shows the way to one’s own row while it is outside the viewport', async () => {
    await page.setViewportSize({ width: 1280, height: 400 });
    const own = page.locator('.ccl-row[data-you]');
    const way = page.locator('.ccl-jump');
    await until(async () => expect(await own.getAttribute('data-rank')).toBe('1'));
    expect(await way.count()).toBe(0);
    await page.locator('.ccl-view').evaluate((view) => view.scrollTo({ top: 9_999 }));
    expect(await way.textContent()).toBe('↑ You are 1.');
    await way.click();
    await way.waitFor({ state: 'detached' });
    expect(await own.isVisible()).toBe(true);
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  it('fits a phone, a pane at a time', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.locator('.ccl-row').first().waitFor();
    const panes = page.getByRole('navigation', { name: 'Show' });
    await panes.getByRole('button', { name: 'Solves' }).click();
    await page.locator('.feed li').first().waitFor();
    expect(await page.locator('.ccl-board').isVisible()).toBe(false);
    await panes.getByRole('button', { name: 'Contests' }).click();
    await page.getByRole('button', { name: /Friday Sprint/ }).click();
    await page.locator('.ccl-board').waitFor();
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(wide).toBeLessThanOrEqual(390);
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  it('had nothing to complain about', () => {
    expect(faults).toEqual([]);
  });
});

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from '../support/browser/chromium.ts';
import { charactersOf, coloursOf, nodeCount, overflow, seenFromLeft } from '../support/browser/look.ts';
import { type Crowd, createCrowd } from '../support/crowd.ts';
import { prepareService } from '../support/service.ts';
import { until } from '../web/arena-page.ts';
import {
  type Builder,
  type BuiltApp,
  buildBare,
  buildWithNext,
  buildWithReact18,
  buildWithVite,
} from './build.ts';
import { DESKTOP, PHONE, type Visit, type Visited, visit } from './visit.ts';

const SIZE = 10_000;
/** Elements and texts of a page; all rows would be 200,000. */
const MOST_NODES = 2_500;
/** Right to left, and longer than its column. */
const HEBREW = 'אברהם בן יצחק הלוי מירושלים העיר העתיקה אשר בארץ ישראל ובכל תפוצות הגולה';
/** Turns around what follows it, if it can. */
const TURNED = 'Eve \u202egnp.exe\u2069';
const ENDLESS = `https://codecraft.example/${'very-long-path/'.repeat(12)}`;

const NAMES = [
  { name: HEBREW, rating: 99_999.99 },
  { name: TURNED, rating: 12_345.67 },
  { name: 'Wolfeschlegelsteinhausenbergerdorffvoralternwarengewissenhaft', rating: 12_000 },
];

const PIECES: readonly (readonly [string, Builder])[] = [
  ['Vite and its defaults', buildWithVite],
  ['Vite and React 18', buildWithReact18],
  ['Next, from a server component', buildWithNext],
];

const VISITS: readonly Required<Omit<Visit, 'css'>>[] = [
  { colorScheme: 'light', dir: 'ltr', size: DESKTOP },
  { colorScheme: 'dark', dir: 'ltr', size: DESKTOP },
  { colorScheme: 'dark', dir: 'rtl', size: DESKTOP },
  { colorScheme: 'light', dir: 'ltr', size: PHONE },
  { colorScheme: 'dark', dir: 'rtl', size: PHONE },
];

/** Text of the leaderboard that is to be read. */
const LEGIBLE = ['.ccl-name', '.ccl-rank', '.ccl-rating', '.ccl-fraction', '.ccl-columns .ccl-player'];

/** A page of another author with the package, with 10,000 players. */
describe('An app made of the packed package', { timeout: 90_000 }, () => {
  const live = prepareService();
  let browser: Browser;
  let crowd: Crowd;
  let token: string;
  beforeAll(async () => {
    crowd = await createCrowd(live.test.database, SIZE, NAMES, 'The great contest');
    token = await live.token(crowd.userId);
    browser = await launchChromium();
    await live.publish([
      announcement('A page to read', `Look at ${ENDLESS} and tell us`),
      announcement(`${TURNED} says`, 'it is over'),
      announcement('שלום', 'זהו זה!'),
      ...Array.from({ length: 20 }, (_, count) => announcement(`Word ${count}`, 'Words, words, words.')),
    ]);
  }, 180_000);
  afterAll(() => browser?.close());

  const announcement = (title: string, message: string) => ({
    type: 'ANNOUNCEMENT',
    data: { title, message, playerId: crowd.playerId },
  });
  const open = (app: BuiltApp, look: Visit) => visit(browser, { app, url: live.url, token }, look);

  describe.each(PIECES)('by %s', (tool, buildApp) => {
    let app: BuiltApp;
    beforeAll(async () => {
      app = await buildApp(crowd.contestId);
    }, 400_000);
    afterAll(() => app?.remove());

    describe.each(VISITS)('$colorScheme, $dir, $size.width px wide', (look) => {
      const { colorScheme, dir, size } = look;
      let visited: Visited;
      let page: Page;
      beforeAll(async () => {
        visited = await open(app, look);
        page = visited.page;
        await row(page, 0).waitFor({ timeout: 30_000 });
        await page.locator('.ccl-connection[data-state="open"]').waitFor({ timeout: 30_000 });
      }, 90_000);
      afterAll(() => visited?.context.close());

      it('is complete, legible and within its window', async () => {
        await picture(page, `${tool}-${colorScheme}-${dir}-${size.width}`);
        expect(visited.complaints).toEqual([]);
        expect(await overflow(page)).toBeLessThanOrEqual(0);
        const board = await boxOf(page, '.ccl-leaderboard');
        expect(board.height).toBeGreaterThan(300);
        expect(board.height).toBeLessThanOrEqual(size.height);
        for (const text of LEGIBLE) {
          const { ground, contrast } = await coloursOf(page.locator(text).first());
          expect(contrast, text).toBeGreaterThanOrEqual(4.5);
          if (colorScheme === 'dark') expect(ground, text).toBeLessThan(0.05);
          else expect(ground, text).toBeGreaterThan(0.8);
        }
      });

      it('keeps names and numbers whole', async () => {
        expect(await seenFromLeft(row(page, 0).locator('.ccl-rating'))).toBe('99,999.99');
        expect(await seenFromLeft(row(page, 1).locator('.ccl-rating'))).toBe('12,345.67');
        if (size === DESKTOP) {
          expect(await seenFromLeft(row(page, 1).locator('.ccl-gap'))).toBe('−87,654.32');
          expect(await seenFromLeft(row(page, 1).locator('.ccl-penalty'))).toBe('1,234');
        }
        // The name of who is first: its beginning is there, its end may be cut.
        const name = row(page, 0).locator('.ccl-name');
        const box = await name.boundingBox();
        const [first] = await charactersOf(name);
        expect(first?.right).toBeLessThanOrEqual((box?.x ?? 0) + (box?.width ?? 0) + 1);
        expect(first?.left).toBeGreaterThanOrEqual((box?.x ?? 0) - 1);
        expect(await row(page, 1).locator('.ccl-name').textContent()).not.toMatch(
          /[\u202a-\u202e\u2066-\u2069]/,
        );
      });

      it('opens the inbox within the window', async () => {
        await page.locator('.ccl-bell').click();
        const panel = page.locator('.ccl-panel');
        await panel.locator('.ccl-entry').first().waitFor();
        await picture(page, `${tool}-inbox-${colorScheme}-${dir}-${size.width}`);
        const box = await boxOf(page, '.ccl-panel');
        expect(box.x).toBeGreaterThanOrEqual(0);
        expect(box.y).toBeGreaterThanOrEqual(0);
        expect(box.x + box.width).toBeLessThanOrEqual(size.width);
        expect(box.y + box.height).toBeLessThanOrEqual(size.height);
        expect(box.height).toBeGreaterThan(200);
        // What has no end is broken before it leaves its entry.
        expect(await panel.evaluate((it) => it.scrollWidth - it.clientWidth)).toBeLessThanOrEqual(0);
        const link = panel.locator('.ccl-entry', { hasText: 'very-long-path' });
        const entry = await link.boundingBox();
        for (const { left, right } of await charactersOf(link.locator('.ccl-entry-message'))) {
          expect(left).toBeGreaterThanOrEqual(entry?.x ?? Number.NaN);
          expect(right).toBeLessThanOrEqual((entry?.x ?? 0) + (entry?.width ?? 0));
        }
        const { contrast } = await coloursOf(panel.locator('.ccl-entry-message').first());
        expect(contrast).toBeGreaterThanOrEqual(4.5);
        expect(await overflow(page)).toBeLessThanOrEqual(0);
        await page.keyboard.press('Escape');
        await panel.waitFor({ state: 'hidden' });
      });

      it('draws the visible rows and no others, also at the end of 10,000', async () => {
        expect(await nodeCount(page)).toBeLessThan(MOST_NODES);
        await page.locator('.ccl-view').evaluate((it) => it.scrollTo(0, it.scrollHeight));
        await row(page, SIZE - 1).waitFor();
        expect(await nodeCount(page)).toBeLessThan(MOST_NODES);
      });
    });
  });

  describe('in a host that declares its colours', () => {
    let app: BuiltApp;
    beforeAll(async () => {
      app = await buildWithVite(crowd.contestId);
    }, 400_000);
    afterAll(() => app?.remove());

    const ground = async (page: Page) => (await coloursOf(page.locator('.ccl-name').first())).ground;
    const isDark = (page: Page) => until(async () => expect(await ground(page)).toBeLessThan(0.05));
    const isLight = (page: Page) => until(async () => expect(await ground(page)).toBeGreaterThan(0.8));

    it.each([
      [':root { color-scheme: light }', 'dark', isLight],
      [':root { color-scheme: only light }', 'dark', isLight],
      [':root { color-scheme: dark }', 'light', isDark],
      ['#page { color-scheme: dark }', 'light', isDark],
      [':root { color-scheme: light dark }', 'dark', isDark],
      [':root { color-scheme: light dark }', 'light', isLight],
      ['', 'dark', isDark],
    ] as const)('%s, where the system prefers %s', async (css, colorScheme, holds) => {
      const { context, page } = await open(app, { colorScheme, css });
      await row(page, 0).waitFor({ timeout: 30_000 });
      await holds(page);
      await context.close();
    });

    it('follows as the host changes them, and as the system does', async () => {
      const css = ':root.dark { color-scheme: dark } :root.light { color-scheme: light }';
      const { context, page } = await open(app, { colorScheme: 'light', css });
      await row(page, 0).waitFor({ timeout: 30_000 });
      await isLight(page);
      await page.evaluate(() => document.documentElement.classList.add('dark'));
      await isDark(page);
      await page.evaluate(() => document.documentElement.classList.replace('dark', 'light'));
      await isLight(page);
      await page.emulateMedia({ colorScheme: 'dark' });
      await isLight(page);
      await page.evaluate(() => document.documentElement.classList.remove('light'));
      await isDark(page);
      await page.evaluate(() => document.body.setAttribute('data-ccl-scheme', 'light'));
      await isLight(page);
      await context.close();
    });

    it('takes the custom properties that are set around it', async () => {
      const css =
        ':root { --ccl-surface: rgb(1 2 3); --ccl-ink: rgb(250 251 252) } body { --ccl-max-height: 444px }';
      const { context, page } = await open(app, { css });
      await row(page, 0).waitFor({ timeout: 30_000 });
      const style = await page
        .locator('.ccl-board')
        .evaluate((it) => [getComputedStyle(it).backgroundColor, getComputedStyle(it).color]);
      expect(style).toEqual(['rgb(1, 2, 3)', 'rgb(250, 251, 252)']);
      expect((await boxOf(page, '.ccl-leaderboard')).height).toBe(444);
      await context.close();
    });

    it('draws what is in the window where the host bounds no height', async () => {
      const { context, page } = await open(app, { css: ':root { --ccl-max-height: none }' });
      await row(page, 0).waitFor({ timeout: 30_000 });
      await until(async () => expect((await boxOf(page, '.ccl-board')).height).toBeGreaterThan(SIZE * 39));
      expect(await nodeCount(page)).toBeLessThan(MOST_NODES);
      await page.evaluate(() => window.scrollTo(0, 200_000));
      await page
        .locator('.ccl-row', { hasText: /^5,0\d\d/ })
        .first()
        .waitFor();
      expect(await nodeCount(page)).toBeLessThan(MOST_NODES);
      await page.locator('.ccl-jump').click();
      await page.locator('.ccl-row[data-you]').waitFor();
      await context.close();
    });
  });

  describe('without styles: a bare page', () => {
    let app: BuiltApp;
    beforeAll(async () => {
      app = await buildBare(crowd.contestId);
    }, 120_000);
    afterAll(() => app?.remove());

    it.each(VISITS)(
      'is complete, legible and within its window: $colorScheme, $dir, $size.width px wide',
      async (look) => {
        const { context, page, complaints } = await open(app, look);
        await page.locator('li').first().waitFor({ timeout: 30_000 });
        await picture(page, `bare-${look.colorScheme}-${look.dir}-${look.size.width}`);
        expect(complaints).toEqual([]);
        expect(await nodeCount(page)).toBeLessThan(MOST_NODES);
        expect(await overflow(page)).toBeLessThanOrEqual(0);
        const { ground, contrast } = await coloursOf(page.locator('.name').first());
        expect(contrast).toBeGreaterThanOrEqual(4.5);
        if (look.colorScheme === 'dark') expect(ground).toBeLessThan(0.05);
        else expect(ground).toBeGreaterThan(0.8);
        expect(await seenFromLeft(page.locator('li').first().locator('.rating'))).toBe('99,999.99');
        await context.close();
      },
    );
  });
});

const row = (page: Page, place: number) => page.locator(`.ccl-row[aria-rowindex="${place + 2}"]`);

async function boxOf(page: Page, selector: string) {
  const box = await page.locator(selector).first().boundingBox();
  if (box === null) throw new Error(`${selector} is not drawn`);
  return box;
}
/** Screenshots as files in the folder PICTURES, for a review by eye. */
async function picture(page: Page, name: string) {
  if (process.env.PICTURES)
    await page.screenshot({ path: `${process.env.PICTURES}/${name.replace(/\W+/g, '-')}.png` });
}

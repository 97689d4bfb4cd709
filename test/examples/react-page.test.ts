import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from '../support/browser/chromium.ts';
import { buildContestPage, type ReactPage } from '../support/browser/react-page.ts';
import { note, prepareService } from '../support/service.ts';
import {
  type DemoPlayer,
  demoPlayer,
  isLive,
  liveContest,
  QUIET_DEMO,
  score,
  solved,
  unreadOf,
  until,
  userOf,
} from '../web/arena-page.ts';

const EXAMPLE = resolve(import.meta.dirname, '../../examples/contest-page.tsx');

describe('The example of a React page', { timeout: 60_000 }, () => {
  const live = prepareService(QUIET_DEMO);
  let browser: Browser;
  let contestPage: ReactPage;
  let page: Page;
  let ada: DemoPlayer;
  let contestId: number;

  beforeAll(async () => {
    ada = await demoPlayer(live.url, 'Ada Okafor');
    contestId = await liveContest(live.test.database);
    browser = await launchChromium();
    contestPage = await buildContestPage(await readFile(EXAMPLE, 'utf8'));
    page = await browser.newPage();
    const token = await live.token(await userOf(live.test.database, ada.playerId));
    await contestPage.serve(page, { contestId, token });
    await page.goto(`${live.url}/contest`);
    await isLive(page);
  }, 300_000);
  afterAll(async () => {
    await browser?.close();
    contestPage?.remove();
  });

  it('shows the title of the contest and counts down to its end', async () => {
    await page.locator('h1').waitFor();
    const [contest] = await live.test.database.query<{ title: string }>(
      'SELECT title FROM contest WHERE id = ?',
      [contestId],
    );
    const heading = async () => (await page.locator('h1').textContent()) ?? '';
    await until(async () => expect(await heading()).toMatch(/ · ends in \d+ s$/));
    expect(await heading()).toContain(contest?.title);
    const first = await heading();
    await until(async () => expect(await heading()).not.toBe(first));
  });

  it('follows the leaderboard', async () => {
    await score(live.test.database, contestId, ada.playerId, 10_000);
    await until(async () =>
      expect(await page.locator('.ccl-row .ccl-name').first().textContent()).toBe(ada.playerName),
    );
  });

  it('lists a solve once, with the name of who solved it', async () => {
    await live.publish(solved(contestId, ada, 1, 'Two Sum'));
    await page.locator('.feed li', { hasText: `${ada.playerName} solved Two Sum` }).waitFor();
    expect(await page.locator('.feed li').count()).toBe(1);
  });

  it('shows a notification as a toast and counts it in the bell', async () => {
    const unread = await unreadOf(page);
    await live.publish(note(ada.playerId, 'From the example'));
    await page.locator('.ccl-toast', { hasText: 'From the example' }).waitFor();
    await until(async () => expect(await unreadOf(page)).toBeGreaterThan(unread));
  });
});

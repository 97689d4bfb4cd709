import type { BrowserContext, Page } from 'playwright-core';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createContest } from '../support/database/platform.ts';
import { note } from '../support/service.ts';
import { badge, contextOf, isLive, openArena, unreadOf, until } from './arena-page.ts';
import { prepareDemo } from './fixture.ts';
import { adminOf, openOps } from './tool-pages.ts';

const WIDE = { width: 1280, height: 800 };
const CONTESTS = 60;
const UNREAD = 35;

/** Everything that a page may keep or share with others is forbidden, or not there. */
function block(how: 'absent' | 'throwing'): void {
  const forbidden = () => {
    throw new DOMException('blocked', 'SecurityError');
  };
  for (const name of ['localStorage', 'sessionStorage'])
    Object.defineProperty(window, name, {
      get:
        how === 'absent'
          ? forbidden
          : () => ({ getItem: forbidden, setItem: forbidden, removeItem: forbidden }),
    });
  for (const name of ['BroadcastChannel', 'indexedDB'])
    Object.defineProperty(window, name, {
      value:
        how === 'absent'
          ? undefined
          : class {
              constructor() {
                forbidden();
              }
            },
    });
  Object.defineProperty(navigator, 'locks', {
    value: how === 'absent' ? undefined : { request: async () => forbidden() },
  });
}

describe('Pages in the first hour of real use', { timeout: 90_000 }, () => {
  const demo = prepareDemo();
  let context: BrowserContext;
  const upcoming: number[] = [];

  beforeAll(async () => {
    for (let index = 0; index < CONTESTS; index++)
      upcoming.push(
        await createContest(demo.live.test.database, {
          status: 'UPCOMING',
          title: `Cup ${index}`,
          startTime: '2090-01-01 00:00:00',
        }),
      );
  }, 300_000);
  afterEach(() => context.close());

  const titleOf = (page: Page) => page.locator('.scorebug h1').textContent();

  it('show the contest that is on among sixty to come, and the one that the address names, by few requests', async () => {
    context = await contextOf(demo.browser, demo.ada);
    let streams = 0;
    context.on('request', (request) => {
      if (new URL(request.url()).pathname === '/streams') streams += 1;
    });
    const page = await openArena(context, demo.live.url);
    expect(await page.locator('.contest[data-status="UPCOMING"]').count()).toBeGreaterThanOrEqual(CONTESTS);
    expect(await page.locator('.contest[aria-current="true"]').getAttribute('data-status')).toBe('LIVE');
    await page.goto(`${demo.live.url}/#contest-${upcoming[3]}`);
    await until(async () => expect(await titleOf(page)).toBe('Cup 3'));
    await isLive(page);
    await until(async () => expect(await badge(page).textContent()).toBe('Live'));
    await demo.live.publish({
      type: 'CONTEST_STATUS',
      data: { contestId: upcoming[59], oldStatus: 'UPCOMING', newStatus: 'CANCELLED' },
    });
    await until(async () => expect(await page.locator('.contest', { hasText: /^Cup 59/ }).count()).toBe(0));
    expect(streams).toBeLessThanOrEqual(8);
  });

  it('say that a contest is private or missing, show no other in its place, and lead on', async () => {
    const hidden = await createContest(demo.live.test.database, { isPublic: false, title: 'Secret' });
    context = await contextOf(demo.browser, demo.ada);
    const page = await context.newPage();
    for (const id of [hidden, 987_654_321, 9_999_999_999_999_998]) {
      await page.goto(`${demo.live.url}/#contest-${id}`);
      await page.getByText(`Contest ${id} does not exist, or is not open to you.`).waitFor();
      expect(await page.locator('.ccl-row').count()).toBe(0);
    }
    await page.getByRole('button', { name: /^Show / }).click();
    await page.locator('.ccl-row').first().waitFor();
    expect(new URL(page.url()).hash).toBe(`#contest-${demo.contestId}`);
  });

  it('read the contests again when they could not be read', async () => {
    context = await contextOf(demo.browser, demo.ada);
    let failing = 2;
    await context.route(/\/contests\?/, (route) =>
      failing-- > 0 ? route.fulfill({ status: 503, body: 'busy' }) : route.continue(),
    );
    const page = await context.newPage();
    await page.goto(demo.live.url);
    await page.locator('.ccl-row').first().waitFor();
    expect(failing).toBeLessThan(0);
  });

  it('lead out of a token that is worth nothing, and past what else is stored', async () => {
    context = await demo.browser.newContext({ viewport: WIDE });
    const page = await context.newPage();
    const store = (text: string) =>
      page.evaluate((value) => sessionStorage.setItem('codecraft-live:identity', value), text);
    await page.goto(demo.live.url);
    for (const text of ['null', '"x"', '7', '{}', '{"kind":"token"}', 'not json']) {
      await store(text);
      await page.reload();
      await page.locator('.cast button').first().waitFor();
    }
    await store(JSON.stringify({ kind: 'token', token: 'not.a.token', plays: true }));
    await page.reload();
    await page.getByText(/^The service does not accept this token/).waitFor();
    await page.getByRole('button', { name: 'Come in with another' }).click();
    await page.locator('.cast button').first().waitFor();
    await page.getByLabel('Or paste your platform token').fill('ключ');
    await page.getByRole('button', { name: 'Enter' }).click();
    await page.getByText(/^That is not a token/).waitFor();

    await page.goto(`${demo.live.url}/ops`);
    await page.evaluate(() => sessionStorage.setItem('codecraft-live:operator', 'not.a.token'));
    await page.reload();
    await page.getByRole('button', { name: 'Come in with another' }).click();
    await page.getByLabel('Paste an admin’s token').waitFor();
  });

  it.each(['absent', 'throwing'] as const)('work where storage, locks and channels are %s', async (how) => {
    context = await demo.browser.newContext({ viewport: WIDE });
    await context.addInitScript(block, how);
    const faults: string[] = [];
    context.on('weberror', (error) => faults.push(error.error().message));
    const page = await context.newPage();
    await page.goto(demo.live.url);
    await page.locator('.cast button', { hasText: demo.ada.playerName }).click();
    await page.locator('.ccl-row').first().waitFor();
    await isLive(page);
    await page.getByRole('button', { name: /^Colours/ }).click();
    await page.goto(`${demo.live.url}/debug`);
    await page.getByText('No stream yet').waitFor();
    await page.close();
    const ops = await openOps(
      context,
      demo.live.url,
      await demo.live.token(await adminOf(demo.live.test.database)),
    );
    expect(await ops.locator('.plot').count()).toBeGreaterThan(0);
    expect(faults).toEqual([]);
  });

  it('count down by the service’s clock when this machine’s is corrected', async () => {
    context = await contextOf(demo.browser, demo.ada);
    await context.addInitScript(() => {
      const now = Date.now;
      Date.now = () => now() + ((window as { skew?: number }).skew ?? 0);
    });
    const page = await openArena(context, demo.live.url);
    const left = async () => {
      const text = (await page.locator('.clock').first().textContent()) ?? '';
      const [, days = '0', h, m, s] = /(?:(\d+) d )?(\d+):(\d+):(\d+)/.exec(text) ?? [];
      return Number(days) * 86_400 + Number(h) * 3_600 + Number(m) * 60 + Number(s);
    };
    for (const skew of [600_000, -600_000]) {
      const before = await left();
      const since = performance.now();
      await page.evaluate((ms) => {
        (window as { skew?: number }).skew = ms;
      }, skew);
      // The next second is drawn.
      await until(async () => expect(await left()).not.toBe(before));
      const passed = (performance.now() - since) / 1_000;
      expect(Math.abs(before - (await left()) - passed)).toBeLessThan(30);
    }
  });

  it('read the inbox again when it could not be read, and ask the service for what is unread', async () => {
    const old = Array.from({ length: UNREAD }, (_, index) => note(demo.ada.playerId, `Old ${index}`));
    const recent = Array.from({ length: 31 }, (_, index) => note(demo.ada.playerId, `Recent ${index}`));
    await demo.live.publish(old);
    const answer = await demo.live.publish(recent);
    const { events } = (await answer.json()) as { events: { notifications: { id: number }[] }[] };
    const ids = events.flatMap(({ notifications }) => notifications.map(({ id }) => id));
    const token = (
      (await (
        await fetch(`${demo.live.url}/demo/tokens`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ playerId: demo.ada.playerId }),
        })
      ).json()) as { token: string }
    ).token;
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    await fetch(`${demo.live.url}/notifications/read`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ ids }),
    });
    const counts = (await (await fetch(`${demo.live.url}/notifications/counts`, { headers })).json()) as {
      unread: number;
    };

    context = await contextOf(demo.browser, demo.ada);
    let failing = 2;
    await context.route(/\/notifications\?/, (route) => (failing-- > 0 ? route.abort() : route.continue()));
    const page = await openArena(context, demo.live.url);
    await until(async () => expect(await unreadOf(page)).toBe(counts.unread));
    const entry = (title: string) => page.locator('.ccl-entry-title', { hasText: new RegExp(`${title}$`) });
    await page.locator('.ccl-bell').click();
    await entry('Recent 30').waitFor();
    await page.getByLabel('Unread only').check();
    await entry('Old 34').waitFor();
    expect(await page.getByText('You have read everything.').count()).toBe(0);
    expect(await entry('Recent 30').count()).toBe(0);
    await page.getByRole('button', { name: 'Show older' }).click();
    await entry('Old 0').waitFor();
    await page.getByRole('button', { name: 'Mark all read' }).click();
    await page.getByText('You have read everything.').waitFor();
  });
});

import { EventEmitter, once } from 'node:events';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFrozenContest, type FrozenContest, REVEAL_ORDER } from '../support/database/frozen-contest.ts';
import { createUser } from '../support/database/platform.ts';
import { readPage } from '../support/wire/leaderboard-http.ts';
import { until } from './arena-page.ts';
import { prepareDemo } from './fixture.ts';
import { complaintsOf } from './tool-pages.ts';

describe('The reveal in the arena', { timeout: 180_000 }, () => {
  const demo = prepareDemo();
  const contexts: BrowserContext[] = [];
  let contest: FrozenContest;
  let admin: Page;
  let spectator: Page;
  const complaints: string[][] = [];

  /** The arena with a pasted token, at the frozen contest. @param prepare runs before the page is loaded */
  async function openAs(userId: number, prepare?: (page: Page) => Promise<void>): Promise<Page> {
    const context = await demo.browser.newContext({ viewport: { width: 1280, height: 800 } });
    contexts.push(context);
    complaints.push(complaintsOf(context));
    const identity = { kind: 'token', token: await demo.live.token(userId, 7_200), plays: false };
    await context.addInitScript((text) => {
      if (location.protocol === 'http:') sessionStorage.setItem('codecraft-live:identity', text);
    }, JSON.stringify(identity));
    const page = await context.newPage();
    await prepare?.(page);
    await page.goto(`${demo.live.url}/#contest-${contest.contestId}`);
    await page.locator('.ccl-row').first().waitFor();
    return page;
  }

  beforeAll(async () => {
    const { database } = demo.live.test;
    const reader = await demo.live.token(await createUser(database));
    contest = await createFrozenContest(
      database,
      async (id) => (await readPage(demo.live, id, reader, 'cells=1')).rows,
    );
    admin = await openAs(await createUser(database, { role: 'ADMIN' }));
    spectator = await openAs(await createUser(database));
  }, 300_000);
  afterAll(async () => {
    for (const context of contexts) await context.close();
  });

  const step = (page: Page) => page.locator('.reveal').getAttribute('data-step');
  const ratings = async (page: Page) => {
    const rows = await page.locator('.reveal-row').evaluateAll((found) =>
      found.map((row) => ({
        rank: Number(row.getAttribute('data-rank')),
        name: row.querySelector('.reveal-name')?.textContent ?? '',
      })),
    );
    return rows.sort((a, b) => a.rank - b.rank).map(({ name }) => name);
  };

  it('is opened by an admin, and stepped with the space bar, while everybody watches', async () => {
    const gate = new EventEmitter();
    const [answered, passed] = [once(gate, 'answered'), once(gate, 'passed')];
    const late = await openAs(await createUser(demo.live.test.database), async (page) => {
      await page.route(
        /\/reveal$/,
        async (route) => {
          const response = await route.fetch();
          gate.emit('answered');
          await passed;
          await route.fulfill({ response });
        },
        { times: 1 },
      );
    });
    await answered;
    expect(await spectator.getByRole('button', { name: 'Open the reveal' }).count()).toBe(0);
    await admin.getByRole('button', { name: 'Open the reveal' }).click();
    for (const page of [admin, spectator]) {
      await until(async () => expect(await step(page)).toBe('0'));
      await until(async () => expect(await ratings(page)).toEqual(['Ada', 'Bob', 'Cleo', 'Dan']));
      expect(await page.locator('.reveal-cell[data-state="pending"]').count()).toBe(REVEAL_ORDER.length);
    }
    // A page that receives the opening before the answer that there is none.
    const { contestId } = contest;
    const after = { type: 'ANNOUNCEMENT', data: { title: 'After the opening', message: '-', contestId } };
    expect((await demo.live.publish(after)).status).toBe(201);
    await late.getByText('After the opening').first().waitFor();
    gate.emit('passed');
    await until(async () => expect(await step(late)).toBe('0'));
    await until(async () => expect(await admin.locator('.reveal-cell[data-next]').count()).toBe(1));
    expect(await spectator.getByRole('button', { name: 'Next cell' }).count()).toBe(0);
    await spectator.keyboard.press('Space');

    const orders = [
      ['Ada', 'Bob', 'Cleo', 'Dan'],
      ['Cleo', 'Ada', 'Bob', 'Dan'],
    ];
    for (const [index, order] of orders.entries()) {
      await admin.locator('.scorebug').click();
      await admin.keyboard.press('Space');
      for (const page of [admin, spectator]) {
        await until(async () => expect(await step(page)).toBe(String(index + 1)));
        await until(async () => expect(await ratings(page)).toEqual(order));
      }
    }
    if (process.env.LOOK_DIR !== undefined) {
      await admin.screenshot({ path: `${process.env.LOOK_DIR}/reveal-admin.png` });
      await spectator.setViewportSize({ width: 400, height: 800 });
      await spectator.screenshot({ path: `${process.env.LOOK_DIR}/reveal-narrow.png` });
      await spectator.setViewportSize({ width: 1280, height: 800 });
    }
    expect(await spectator.locator('.reveal [role="status"]').textContent()).toBe(
      'Cleo: not solved, rank 1. 2 cells are still hidden.',
    );

    // A page that is opened in the middle shows how far it is.
    await spectator.reload();
    await until(async () => expect(await step(spectator)).toBe('2'));
    await admin.keyboard.press('r');
    await until(async () => expect(await ratings(spectator)).toEqual(['Bob', 'Cleo', 'Ada', 'Dan']));
    await admin.keyboard.press('Space');
    await spectator.getByText('Everything is revealed.').waitFor();
    await spectator.getByRole('button', { name: 'Show the standings' }).click();
    await until(async () =>
      expect(await spectator.locator('.ccl-row .ccl-name').allTextContents()).toEqual([
        'Bob',
        'Cleo',
        'Ada',
        'Dan',
      ]),
    );
    expect(complaints.flat()).toEqual([]);
  });
});

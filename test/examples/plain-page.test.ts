import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from '../support/browser/chromium.ts';
import { createPlayer, type PlayerIds } from '../support/database/platform.ts';
import { note, prepareService } from '../support/service.ts';
import { until } from '../web/arena-page.ts';

const EXAMPLE = resolve(import.meta.dirname, '../../examples/plain-page.html');

describe('The example of a page without a library', { timeout: 60_000 }, () => {
  const live = prepareService();
  let browser: Browser;
  let page: Page;
  let player: PlayerIds;

  beforeAll(async () => {
    player = await createPlayer(live.test.database, { name: 'Ada' });
    browser = await launchChromium();
    const context = await browser.newContext();
    const token = await live.token(player.userId);
    await context.addCookies([
      { name: 'token', value: token, url: live.url, httpOnly: true, sameSite: 'Lax' },
    ]);
    page = await context.newPage();
    const body = await readFile(EXAMPLE, 'utf8');
    await page.route('**/page', (route) => route.fulfill({ body, contentType: 'text/html' }));
    await page.goto(`${live.url}/page`);
    await state('live');
  }, 300_000);
  afterAll(() => browser?.close());

  const state = (text: string) =>
    until(async () => expect(await page.locator('#state').textContent()).toBe(text));
  const unread = (text: string) =>
    until(async () => expect(await page.locator('#unread').textContent()).toBe(text));
  const feed = () => page.locator('#feed li').allTextContents();

  it('shows what is published, and an event of two scopes once', async () => {
    await unread('0');
    await live.publish(note(player.playerId, 'Hello'));
    await live.publish({
      type: 'LEVEL_UP',
      data: { playerId: player.playerId, playerName: 'Ada', oldLevel: 1, newLevel: 2 },
    });
    await live.publish({ type: 'ANNOUNCEMENT', data: { title: 'Last', message: 'to everybody' } });
    await until(async () => expect((await feed())[0]).toBe('Last: to everybody'));
    expect(await feed()).toEqual(['Last: to everybody', 'Level 2: You reached level 2', 'Hello: m']);
    await unread('3');
  });

  it('shows the counts when something is read on another device', async () => {
    const marked = await fetch(`${live.url}/notifications/read`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${await live.token(player.userId)}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ throughId: Number.MAX_SAFE_INTEGER }),
    });
    expect(marked.status).toBe(200);
    await unread('0');
  });

  it('stays closed when an operator closes its stream', async () => {
    await live.test.database.execute(
      "UPDATE stream_session SET close_requested = 'disconnected', commanded_at = UTC_TIMESTAMP(3) WHERE player_id = ?",
      [player.playerId],
    );
    await state('disconnected');
  });
});

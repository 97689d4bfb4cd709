import type { BrowserContext, Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { note } from '../support/service.ts';
import { listen } from '../support/wire/listener.ts';
import { until, userOf } from './arena-page.ts';
import { prepareDemo } from './fixture.ts';
import { adminOf, openOps } from './tool-pages.ts';

describe('The operator’s page', { timeout: 60_000 }, () => {
  const demo = prepareDemo();
  let context: BrowserContext;
  let page: Page;
  let adaToken: string;
  let adminToken: string;

  beforeAll(async () => {
    adaToken = await demo.live.token(await userOf(demo.live.test.database, demo.ada.playerId));
    adminToken = await demo.live.token(await adminOf(demo.live.test.database));
    context = await demo.browser.newContext({ viewport: { width: 1280, height: 800 } });
    page = await openOps(context, demo.live.url, adminToken);
  }, 300_000);

  const listenAs = (token: string, scopes: readonly string[]) =>
    listen(`${demo.live.url}/streams?${scopes.map((scope) => `scope=${scope}`).join('&')}`, token);
  const plotted = async (measure: string) =>
    Number.parseFloat((await page.locator(`.plot[data-measure="${measure}"] b`).textContent()) ?? '');
  const counted = async (scope: string) => {
    const line = page.locator('.scopes li', { has: page.getByText(scope, { exact: true }) });
    return (await line.count()) === 0 ? 0 : Number(await line.locator('b').textContent());
  };
  const sessionsOf = (name: string) => page.locator('.session-lines tbody tr', { hasText: name });

  it('lets in admins alone, and shows others why', async () => {
    const other = await (await demo.browser.newContext()).newPage();
    await other.goto(`${demo.live.url}/ops`);
    const field = other.getByLabel('Paste an admin’s token');
    for (const [token, answer] of [
      ['nonsense', 'The token is not valid'],
      [demo.live.serviceToken, /./],
      [adaToken, 'This is not the token of an admin.'],
    ] as const) {
      await field.fill(token);
      await field.press('Enter');
      await other.getByRole('alert').getByText(answer).waitFor();
      expect(await other.locator('.plot').count()).toBe(0);
    }
    await field.fill(`Bearer ${adminToken}`);
    await field.press('Enter');
    await other.locator('.plot').first().waitFor();
    await other.reload();
    await other.locator('.plot').first().waitFor();
    await other.getByRole('button', { name: 'Leave' }).click();
    await field.waitFor();
    await other.context().close();
  });

  it('follows the nodes live: streams as they open, events as they are published', async () => {
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('One node');
    await until(async () => expect(await plotted('streams')).toBe(1));
    const listeners = [
      listenAs(adaToken, ['player:me', `contest:${demo.contestId}`]),
      listenAs(adaToken, ['player:me']),
    ];
    for (const listener of listeners) await listener.ready();
    await until(async () => expect(await plotted('streams')).toBe(3));
    expect(await page.locator('.nodes tbody td').first().textContent()).toBe('3');
    await until(async () => expect(await counted(`player:${demo.ada.playerId}`)).toBe(2));
    expect(await counted(`contest:${demo.contestId}`)).toBe(1);
    expect(await counted('ops')).toBe(1);

    const drawn = () => page.locator('.plot[data-measure="deliveries"] .plot-total').getAttribute('d');
    const before = await drawn();
    for (let number = 0; number < 5; number += 1)
      expect((await demo.live.publish(note(demo.ada.playerId, `Seen ${number}`))).status).toBe(201);
    await until(async () => {
      const label = await page.locator('.plot[data-measure="deliveries"] svg').getAttribute('aria-label');
      // Five, to two streams, within the two seconds between two reports: or spread over two of them.
      expect(Number(/to ([\d.]+) in/.exec(label ?? '')?.[1])).toBeGreaterThan(1);
    });
    expect(await drawn()).not.toBe(before);
    const latency = page.locator('.plot[data-measure="latency"] svg');
    await until(async () => expect(await latency.getAttribute('aria-label')).toMatch(/[\d.]+ to [\d.]+ in/));

    for (const listener of listeners) listener.close();
    await until(async () => expect(await plotted('streams')).toBe(1));
    await until(async () => expect(await counted(`player:${demo.ada.playerId}`)).toBe(0));
  });

  it('shows who is connected, and closes the stream that an operator wants closed', async () => {
    const closed: { reason: string; reconnect: boolean }[] = [];
    const listener = listenAs(adaToken, ['player:me', 'global']);
    listener.source.addEventListener('stream-close', ({ data }) => {
      closed.push(JSON.parse(data));
      listener.close();
    });
    await listener.ready();
    const row = sessionsOf('Ada Okafor');
    // Streams that ended a moment ago are still in the list until it is read again.
    await until(async () =>
      expect(await row.locator('.session-scopes code').allTextContents()).toEqual([
        `player:${demo.ada.playerId}`,
        'global',
        'players',
      ]),
    );
    // One cannot close the page's own stream by mistake.
    expect(await sessionsOf('this page').getByRole('button').count()).toBe(0);

    await row.getByRole('button', { name: 'Disconnect Ada Okafor' }).click();
    await row.getByRole('button', { name: 'Keep' }).click();
    await row.getByRole('button', { name: 'Disconnect Ada Okafor' }).click();
    expect(closed).toEqual([]);
    await row.getByRole('button', { name: 'Close it' }).click();
    await until(() => expect(closed.map(({ reason }) => reason)).toEqual(['disconnected']));
    await page.getByRole('status').getByText('The stream of Ada Okafor is closed.').waitFor();
    await until(async () => expect(await row.count()).toBe(0));

    await page.getByLabel('Which').selectOption('ended');
    await page.getByLabel('Player').fill(String(demo.ada.playerId));
    const ended = sessionsOf('Ada Okafor').first();
    await ended.locator('.session-end', { hasText: 'disconnected' }).waitFor();
    await page.getByLabel('Player').fill('999999');
    await page.getByText('There is none.').waitFor();
    await page.getByLabel('Player').fill('');
    await page.getByLabel('Which').selectOption('open');
    await sessionsOf('this page').waitFor();
  });

  it('shows that the admin’s token has run out', async () => {
    const short = await demo.live.token(await adminOf(demo.live.test.database), 12);
    const other = await openOps(await demo.browser.newContext(), demo.live.url, short);
    await until(async () =>
      expect(await other.locator('.ccl-connection').getAttribute('data-state')).toBe('closed'),
    );
    await other.context().close();
  });
});

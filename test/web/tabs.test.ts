import type { Browser, BrowserContext } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { launchChromium } from '../support/browser/chromium.ts';
import { note, startService, type TestService } from '../support/service.ts';
import {
  contextOf,
  type DemoPlayer,
  demoPlayer,
  isLive,
  openArena,
  QUIET_DEMO,
  streamsOf,
  unreadOf,
  until,
} from './arena-page.ts';

describe('Two tabs of one player', { timeout: 60_000 }, () => {
  let live: TestService;
  let browser: Browser;
  let context: BrowserContext;
  let ada: DemoPlayer;

  beforeAll(async () => {
    live = await startService(QUIET_DEMO);
    browser = await launchChromium();
    ada = await demoPlayer(live.url, 'Ada Okafor');
  }, 300_000);
  afterAll(async () => {
    await browser?.close();
    await live.close();
  });
  beforeEach(async () => {
    context = await contextOf(browser, ada);
  });
  afterEach(() => context.close());

  const oneStream = () =>
    until(async () => expect(await streamsOf(live.test.database, ada.playerId)).toBe(1));

  it('have one stream, are both live, and share what was read', async () => {
    const first = await openArena(context, live.url);
    const second = await openArena(context, live.url);
    await oneStream();
    const before = await unreadOf(first);
    await live.publish(note(ada.playerId, 'For both'));
    for (const page of [first, second])
      await until(async () => expect(await unreadOf(page)).toBe(before + 1));
    await second.locator('.ccl-bell').click();
    await second.getByRole('button', { name: 'Mark all read' }).click();
    for (const page of [first, second]) await until(async () => expect(await unreadOf(page)).toBe(0));
    await oneStream();
  });

  it('lose nothing when the one that holds the connection is closed', async () => {
    const leader = await openArena(context, live.url);
    const other = await openArena(context, live.url);
    await oneStream();
    const before = await unreadOf(other);
    const sent = Array.from({ length: 30 }, (_, number) => `Hand-over ${number}`);
    const publishing = (async () => {
      for (const title of sent) expect((await live.publish(note(ada.playerId, title))).status).toBe(201);
    })();
    await leader.close();
    await publishing;
    await isLive(other);
    await until(async () => expect(await unreadOf(other)).toBe(before + sent.length));
    await other.locator('.ccl-bell').click();
    const titles = await other.locator('.ccl-entry-title').allTextContents();
    const handed = titles
      .map((title) => title.replace('Unread: ', ''))
      .filter((title) => /^Hand/.test(title));
    expect(handed).toEqual(sent.toReversed());
    await oneStream();
  });
});

import type { BrowserContext } from 'playwright-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { note } from '../support/service.ts';
import { contextOf, isLive, openArena, streamsOf, unreadOf, until } from './arena-page.ts';
import { prepareDemo } from './fixture.ts';

describe('Two tabs of one player', { timeout: 60_000 }, () => {
  const demo = prepareDemo();
  let context: BrowserContext;
  beforeEach(async () => {
    context = await contextOf(demo.browser, demo.ada);
  });
  afterEach(() => context.close());

  const oneStream = () =>
    until(async () => expect(await streamsOf(demo.live.test.database, demo.ada.playerId)).toBe(1));

  it('have one stream, are both live, and share what was read', async () => {
    const first = await openArena(context, demo.live.url);
    const second = await openArena(context, demo.live.url);
    await oneStream();
    const before = await unreadOf(first);
    await demo.live.publish(note(demo.ada.playerId, 'For both'));
    for (const page of [first, second])
      await until(async () => expect(await unreadOf(page)).toBe(before + 1));
    await second.locator('.ccl-bell').click();
    await second.getByRole('button', { name: 'Mark all read' }).click();
    for (const page of [first, second]) await until(async () => expect(await unreadOf(page)).toBe(0));
    await oneStream();
  });

  it('lose nothing when the one that holds the connection is closed', async () => {
    const leader = await openArena(context, demo.live.url);
    const other = await openArena(context, demo.live.url);
    await oneStream();
    const before = await unreadOf(other);
    const sent = Array.from({ length: 30 }, (_, number) => `Hand-over ${number}`);
    const publishing = (async () => {
      for (const title of sent)
        expect((await demo.live.publish(note(demo.ada.playerId, title))).status).toBe(201);
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

import type { BrowserContext, Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { note } from '../support/service.ts';
import { contextOf, demoPlayer, namesOf, openArena, score, solved, until } from './arena-page.ts';
import { prepareDemo } from './fixture.ts';
import { adminOf, complaintsOf, connect, eventRows, openDebugger, openOps } from './tool-pages.ts';

const NAMES = ['entrance', 'arena', 'debugger', 'ops'] as const;
type Name = (typeof NAMES)[number];

const WIDE = { width: 1280, height: 800 };
const NARROW = { width: 360, height: 740 };
/** No line can be broken between its letters. */
const LONG = 'Wolfeschlegelsteinhausenbergerdorffvoralternwarengewissenhaft';

describe('Every page', { timeout: 90_000 }, () => {
  const demo = prepareDemo();

  const open: Record<Name, (context: BrowserContext) => Promise<Page>> = {
    async entrance(context) {
      const page = await context.newPage();
      await page.goto(demo.live.url);
      await page.locator('.cast button').first().waitFor();
      return page;
    },
    async arena(context) {
      const page = await openArena(context, demo.live.url);
      await demo.live.publish([
        solved(demo.contestId, { ...demo.ada, playerName: LONG }, 903, LONG),
        note(demo.ada.playerId, `Read ${LONG}`),
      ]);
      await page.locator('.ccl-toast').first().waitFor();
      return page;
    },
    async debugger(context) {
      const page = await openDebugger(context, demo.live.url);
      await connect(page);
      await demo.live.publish(note(demo.ada.playerId, `Look at ${LONG}`));
      await eventRows(page, LONG).first().waitFor();
      return page;
    },
    ops: async (context) =>
      openOps(context, demo.live.url, await demo.live.token(await adminOf(demo.live.test.database))),
  };
  const visit = async (name: Name) =>
    name === 'entrance' ? demo.browser.newContext({ viewport: WIDE }) : contextOf(demo.browser, demo.ada);
  /** The panes that a narrow page shows one at a time; undefined: all there is. */
  const panesOf = async (page: Page) => {
    const panes = page.getByRole('navigation', { name: 'Show' }).getByRole('button');
    return (await panes.first().isVisible()) ? panes.all() : [undefined];
  };
  const overflow = (page: Page) =>
    page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);

  it.each(NAMES)('has nothing to complain about, and its own typeface: %s', async (name) => {
    const context = await visit(name);
    const complaints = complaintsOf(context);
    const page = await open[name](context);
    await page.setViewportSize(NARROW);
    await page.reload();
    await page.locator('#page > *').first().waitFor();
    expect(complaints).toEqual([]);
    const loaded = await page.evaluate(async () => {
      await document.fonts.ready;
      return [...document.fonts].some(({ family, status }) => /IBM Plex/.test(family) && status === 'loaded');
    });
    expect(loaded).toBe(true);
    await context.close();
  });

  it.each(NAMES)('does not scroll sideways on the smallest phone: %s', async (name) => {
    const context = await visit(name);
    const page = await open[name](context);
    await page.setViewportSize(NARROW);
    for (const pane of await panesOf(page)) {
      await pane?.click();
      expect(await overflow(page)).toBeLessThanOrEqual(0);
    }
    if (name === 'debugger') {
      await (await panesOf(page))[0]?.click();
      await eventRows(page, LONG).first().click();
      await page.locator('.inspector').waitFor();
      expect(await overflow(page)).toBeLessThanOrEqual(0);
      await page.getByRole('button', { name: 'Close' }).click();
      // While it waits, the badge is a button with more to say.
      await page.getByRole('button', { name: 'Hold' }).click();
      await page.locator('button.ccl-connection').waitFor();
      expect(await overflow(page)).toBeLessThanOrEqual(0);
    }
    await context.close();
  });

  it('keeps the way back visible on the smallest phone while the arena waits', async () => {
    const context = await contextOf(demo.browser, demo.ada);
    await context.route(/\/streams\b/, (route) => route.abort());
    const page = await context.newPage();
    await page.setViewportSize(NARROW);
    await page.goto(demo.live.url);
    const retry = page.locator('.ccl-connection .ccl-retry');
    // It is not there while the client connects again.
    await until(async () => {
      const box = await retry.boundingBox();
      expect((box?.x ?? 0) + (box?.width ?? Number.POSITIVE_INFINITY)).toBeLessThanOrEqual(NARROW.width);
      expect(await overflow(page)).toBeLessThanOrEqual(0);
    });
    await context.close();
  });

  it('breaks what cannot be broken before it leaves its column, and covers no leaderboard with a toast', async () => {
    const context = await contextOf(demo.browser, demo.ada);
    const page = await open.arena(context);
    const line = page.locator('.feed li', { hasText: LONG });
    await line.waitFor();
    for (const pane of ['.pane-feed', '.stage', '.pane-contests', '.ccl-toast']) {
      const beyond = await page
        .locator(pane)
        .first()
        .evaluate((it) => it.scrollWidth - it.clientWidth);
      expect(beyond, pane).toBeLessThanOrEqual(0);
    }
    const stage = await page.locator('.stage').boundingBox();
    // It has slid in by then.
    await until(async () => {
      const toast = await page.locator('.ccl-toast').first().boundingBox();
      expect(toast?.x).toBeGreaterThanOrEqual((stage?.x ?? 0) + (stage?.width ?? 0));
    });
    await context.close();
  });

  it.each(NAMES)('has every control within reach of the keyboard: %s', async (name) => {
    const context = await visit(name);
    const page = await open[name](context);
    for (const size of [WIDE, NARROW]) {
      await page.setViewportSize(size);
      for (const pane of await panesOf(page)) {
        await pane?.click();
        expect(await unreachable(page), `${size.width} px`).toEqual([]);
      }
    }
    await context.close();
  });

  it('moves nothing for those who want no motion, and glides for the others', async () => {
    const context = await contextOf(demo.browser, demo.ada);
    const page = await openArena(context, demo.live.url);
    let points = 100_000;
    for (const reducedMotion of ['reduce', 'no-preference'] as const) {
      await page.emulateMedia({ reducedMotion });
      await watchMotion(page);
      const last = (await namesOf(page)).at(-1) as string;
      points *= 2;
      const { playerId } = await demoPlayer(demo.live.url, last);
      await score(demo.live.test.database, demo.contestId, playerId, points);
      await demo.live.publish(note(demo.ada.playerId, `For ${reducedMotion}`));
      await until(async () => expect((await namesOf(page))[0]).toBe(last));
      await page.locator('.ccl-toast', { hasText: `For ${reducedMotion}` }).waitFor();
      const moved = () => page.evaluate(() => (window as unknown as { moved: string[] }).moved);
      if (reducedMotion === 'no-preference')
        await until(async () =>
          expect(await moved()).toEqual(expect.arrayContaining(['transform', 'translate'])),
        );
      else expect(await moved()).toEqual([]);
    }
    await context.close();
  });

  it('puts rows where they belong at once, without a glide, when more move than an eye can follow', async () => {
    const { database } = demo.live.test;
    const ids = Array.from({ length: 20 }, (_, number) => 9_000 + number);
    const insert = (columns: string, row: (id: number) => unknown[]) =>
      database.execute(`INSERT INTO ${columns} VALUES ?`, [ids.map(row)]);
    await insert('users (id, name, email, password, role)', (id) => [
      id,
      `Extra ${id}`,
      `${id}@example.org`,
      '-',
      'PLAYER',
    ]);
    await insert('player (id, user_id)', (id) => [id, id]);
    await insert('contest_participant (contest_id, player_id, mode, final_rating)', (id) => [
      demo.contestId,
      id,
      'GRINDER',
      1_000_000 + id,
    ]);
    const context = await contextOf(demo.browser, demo.ada);
    const page = await openArena(context, demo.live.url);
    await until(async () => expect((await namesOf(page))[0]).toBe('Extra 9019'));
    // Those who made room for them have done so.
    await until(async () => {
      const gliding = page
        .locator('.ccl-row')
        .evaluateAll((rows) => rows.some((row) => row.getAnimations().length));
      expect(await gliding).toBe(false);
    });
    await watchMotion(page, '.ccl-row');
    await database.execute(
      'UPDATE contest_participant SET final_rating = 3000000 - final_rating WHERE player_id >= 9000',
    );
    await until(async () => expect((await namesOf(page)).slice(0, 2)).toEqual(['Extra 9000', 'Extra 9001']));
    expect(await page.evaluate(() => (window as unknown as { moved: string[] }).moved)).toEqual([]);
    const drawn = await page
      .locator('.ccl-row')
      .evaluateAll((rows) =>
        rows.map((row) => [Number((row as HTMLElement).dataset.rank), row.getBoundingClientRect().y]),
      );
    const byRank = drawn.toSorted(([a = 0], [b = 0]) => a - b).map(([, y]) => y);
    expect(byRank).toEqual(byRank.toSorted((a = 0, b = 0) => a - b));
    await context.close();
  });
});

/** Notes in `moved` each property by which something moves, picture by picture from now on. */
async function watchMotion(page: Page, what = '*'): Promise<void> {
  await page.evaluate((selector) => {
    const moved: string[] = [];
    const before = (window as unknown as { stopWatching?: () => void }).stopWatching;
    before?.();
    let watching = true;
    Object.assign(window, { moved, stopWatching: () => (watching = false) });
    const look = () => {
      const effects = document.getAnimations().map(({ effect }) => effect as KeyframeEffect);
      for (const effect of effects.filter(({ target }) => target?.matches(selector)))
        for (const frame of effect.getKeyframes())
          for (const property of ['transform', 'translate', 'scale', 'top', 'left', 'height'])
            if (property in frame && !moved.includes(property)) moved.push(property);
      if (watching) requestAnimationFrame(look);
    };
    look();
  }, what);
}

/** Visible controls that pressing Tab never comes to; the radio buttons of a group are one. */
async function unreachable(page: Page): Promise<string[]> {
  await page.evaluate(() => {
    const controls = [
      ...document.querySelectorAll<HTMLElement>(
        'a[href],button,input,select,textarea,summary,[tabindex="0"]',
      ),
    ].filter((it) => it.checkVisibility({ visibilityProperty: true }) && !it.matches(':disabled'));
    const missed = new Map(controls.map((it) => [it, it.outerHTML.slice(0, 120)]));
    Object.assign(window, { missed });
    (document.activeElement as HTMLElement | null)?.blur();
    document.addEventListener('focusin', ({ target }) => {
      missed.delete(target as HTMLElement);
      const { name, type } = target as HTMLInputElement;
      if (type === 'radio') for (const it of document.getElementsByName(name)) missed.delete(it);
    });
  });
  const left = () =>
    page.evaluate(() => [...(window as unknown as { missed: Map<unknown, string> }).missed.values()]);
  const most = (await left()).length + 5;
  for (let pressed = 0; pressed < most; pressed += 1) await page.keyboard.press('Tab');
  // A toast comes and goes by itself.
  return (await left()).filter((html) => !html.includes('Dismiss'));
}

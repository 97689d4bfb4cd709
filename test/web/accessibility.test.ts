import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { note } from '../support/service.ts';
import { listen } from '../support/wire/listener.ts';
import { contextOf, openArena, until, userOf } from './arena-page.ts';
import { prepareDemo } from './fixture.ts';
import { adminOf, connect, eventRows, openDebugger, openOps } from './tool-pages.ts';

const SCHEMES = ['light', 'dark'] as const;

describe('The pages', { timeout: 120_000 }, () => {
  const demo = prepareDemo();

  async function faultsOf(page: Page, colorScheme: 'light' | 'dark'): Promise<string[]> {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const { violations } = await new AxeBuilder({ page }).analyze();
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(
        ({ id, nodes }) => `${id}: ${nodes.map(({ html, any }) => `${html} ${any[0]?.message}`).join('\n')}`,
      );
  }

  it.each(SCHEMES)('let everybody in, in %s', async (scheme) => {
    const page = await (await demo.browser.newContext()).newPage();
    await page.goto(demo.live.url);
    await page.locator('.cast button').first().waitFor();
    expect(await faultsOf(page, scheme)).toEqual([]);
    await page.context().close();
  });

  it.each([
    ['wide', 'light', { width: 1280, height: 800 }],
    ['wide', 'dark', { width: 1280, height: 800 }],
    ['narrow', 'light', { width: 390, height: 844 }],
    ['narrow', 'dark', { width: 390, height: 844 }],
  ] as const)('show everybody the arena, %s and %s, the inbox open and shut', async (_, scheme, size) => {
    const context = await contextOf(demo.browser, demo.ada);
    const page = await openArena(context, demo.live.url);
    await page.setViewportSize(size);
    expect(await faultsOf(page, scheme)).toEqual([]);
    await demo.live.publish(note(demo.ada.playerId, 'Something to read'));
    await page.locator('.ccl-toast').first().waitFor();
    await page.locator('.ccl-bell').click();
    await page.locator('.ccl-entry').first().waitFor();
    expect(await faultsOf(page, scheme)).toEqual([]);
    await context.close();
  });

  it.each(SCHEMES)(
    'show everybody the debugger, an opened frame and a stream held down, in %s',
    async (scheme) => {
      const context = await contextOf(demo.browser, demo.ada);
      const page = await openDebugger(context, demo.live.url);
      expect(await faultsOf(page, scheme)).toEqual([]);
      await page.locator('.types summary').click();
      await connect(page);
      await demo.live.publish(note(demo.ada.playerId, 'Something to look at'));
      await eventRows(page, 'Something to look at').click();
      await page.locator('.inspector').waitFor();
      expect(await faultsOf(page, scheme)).toEqual([]);
      await page.getByRole('button', { name: 'Hold' }).click();
      await page.locator('.frame[data-kind="mark"]').first().waitFor();
      const form = page.getByRole('form', { name: 'Publish a test event' });
      await form.getByLabel('Service token').fill('nonsense');
      await form.getByRole('button', { name: 'Publish' }).click();
      await form.getByRole('status').getByText('401').waitFor();
      expect(await faultsOf(page, scheme)).toEqual([]);
      await context.close();
    },
  );

  it.each(SCHEMES)('show operators their page, the gate and what is behind it, in %s', async (scheme) => {
    const context = await demo.browser.newContext({ viewport: { width: 1280, height: 800 } });
    const gate = await context.newPage();
    await gate.goto(`${demo.live.url}/ops`);
    expect(await faultsOf(gate, scheme)).toEqual([]);
    const token = await demo.live.token(await userOf(demo.live.test.database, demo.ada.playerId));
    const listener = listen(`${demo.live.url}/streams?scope=player:me&scope=global`, token);
    await listener.ready();
    const page = await openOps(
      context,
      demo.live.url,
      await demo.live.token(await adminOf(demo.live.test.database)),
    );
    const row = page.locator('.session-lines tbody tr', { hasText: 'Ada Okafor' });
    await row.getByRole('button', { name: /^Disconnect/ }).click();
    await row.getByRole('button', { name: 'Keep' }).waitFor();
    expect(await faultsOf(page, scheme)).toEqual([]);
    listener.close();
    await context.close();
  });

  it('do not shout: a burst is announced once, and leaderboards never', async () => {
    const context = await contextOf(demo.browser, demo.ada);
    const page = await openArena(context, demo.live.url);
    await page.evaluate(() => {
      const said: string[] = [];
      Object.assign(window, { said });
      new MutationObserver((changes) => {
        for (const { target } of changes) {
          const region = (target as Element).closest?.('[aria-live],[role=status],[role=alert]');
          if (region?.textContent) said.push(region.textContent);
        }
      }).observe(document.body, { subtree: true, childList: true });
    });
    const burst = Array.from({ length: 12 }, (_, number) => note(demo.ada.playerId, `Burst ${number}`));
    expect((await demo.live.publish(burst)).status).toBe(201);
    await page.locator('.ccl-toast').getByText('Burst 11').waitFor();
    const said = () => page.evaluate(() => (window as unknown as { said: string[] }).said);
    await until(async () => expect((await said()).length).toBeGreaterThan(0));
    expect((await said()).length).toBeLessThanOrEqual(2);
    await context.close();
  });
});

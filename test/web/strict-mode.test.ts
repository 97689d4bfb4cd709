import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import react from '@vitejs/plugin-react';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { note } from '../support/service.ts';
import { contextOf, openArena, streamsOf, unreadOf, until } from './arena-page.ts';
import { prepareDemo } from './fixture.ts';

const TYPES = { html: 'text/html', js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml' };

describe('The arena as React’s strict mode runs it: every effect twice', { timeout: 60_000 }, () => {
  const demo = prepareDemo();
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'strict-'));
    const root = resolve(import.meta.dirname, '../../src/web');
    await build({
      configFile: false,
      root,
      base: './',
      plugins: [react()],
      mode: 'development',
      define: { 'process.env.NODE_ENV': '"development"' },
      build: { outDir: folder, minify: false, rolldownOptions: { input: join(root, 'index.html') } },
      logLevel: 'error',
    });
  }, 300_000);
  afterAll(async () => {
    rmSync(folder, { recursive: true });
  });

  it('has one connection, receives everything once, and React has nothing to complain about', async () => {
    const context = await contextOf(demo.browser, demo.ada);
    const said: string[] = [];
    let developing = false;
    context.on('console', (message) => {
      // Only the build that runs effects twice says this.
      if (message.text().includes('React DevTools')) developing = true;
      else if (message.type() === 'error' || message.type() === 'warning') said.push(message.text());
    });
    await context.route(/\/(assets\/.*)?$/, (route) => {
      const { pathname } = new URL(route.request().url());
      const file = pathname === '/' ? 'index.html' : pathname.slice(1);
      const contentType = TYPES[file.split('.').pop() as keyof typeof TYPES];
      return route.fulfill({ body: readFileSync(join(folder, file)), contentType });
    });
    const page = await openArena(context, demo.live.url);
    const { database } = demo.live.test;
    await until(async () => expect(await streamsOf(database, demo.ada.playerId)).toBe(1));
    const before = await unreadOf(page);
    await demo.live.publish(note(demo.ada.playerId, 'Once'));
    await until(async () => expect(await unreadOf(page)).toBe(before + 1));
    await page.locator('.ccl-toast', { hasText: 'Once' }).waitFor();
    expect(await page.locator('.ccl-toast', { hasText: 'Once' }).count()).toBe(1);
    await page.locator('.ccl-bell').click();
    await page.locator('.ccl-entry').first().waitFor();
    expect(await page.locator('.ccl-entry', { hasText: 'Once' }).count()).toBe(1);
    expect(developing).toBe(true);
    expect(said).toEqual([]);
    await context.close();
  });
});

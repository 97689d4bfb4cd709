import { resolve } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { build, type Rolldown } from 'vite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { launchChromium } from '../support/browser/chromium.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const ENTRY = resolve(ROOT, 'entry.js');

/** A page that counts what it asked, and with which token; nothing of it is ever answered. */
const PAGE = `
  import { createElement as h, StrictMode, useState } from 'react';
  import { createRoot } from 'react-dom/client';
  import { LiveProvider, useEvents, useLive, useNotifications } from '${ROOT}/src/react/index.ts';
  window.asked = [];
  window.clients = new Set();
  const fetch = (url, { headers, signal }) => new Promise((answer, refuse) => {
    const asked = { path: new URL(url).pathname, token: headers.authorization, open: true };
    window.asked.push(asked);
    signal?.addEventListener('abort', () => { asked.open = false; refuse(signal.reason); });
  });
  function Inside() {
    const live = useLive();
    if (live) window.clients.add(live);
    window.live = live;
    useNotifications();
    useEvents('level-up', () => {}, 'contest:3');
    return null;
  }
  function App() {
    const [{ token, shown }, set] = useState({ token: 'first', shown: true });
    window.set = (more) => set((known) => ({ ...known, ...more }));
    return shown && h(LiveProvider, { url: 'http://live.test', fetch, getToken: () => token }, h(Inside));
  }
  createRoot(document.body).render(h(StrictMode, null, h(App)));
`;

interface Asked {
  readonly path: string;
  readonly token: string;
  readonly open: boolean;
}

describe('A provider in a page, in strict mode', { timeout: 60_000 }, () => {
  let browser: Browser;
  let script: string;
  let page: Page;
  let said: string[];
  beforeAll(async () => {
    const { output } = (await build({
      configFile: false,
      logLevel: 'silent',
      root: ROOT,
      mode: 'development',
      define: { 'process.env.NODE_ENV': '"development"' },
      plugins: [
        {
          name: 'entry',
          resolveId: (id) => (id === ENTRY ? id : undefined),
          load: (id) => (id === ENTRY ? PAGE : undefined),
        },
      ],
      build: {
        write: false,
        minify: false,
        rolldownOptions: { input: ENTRY, output: { codeSplitting: false } },
      },
    })) as Rolldown.RolldownOutput;
    script = output[0].code;
    browser = await launchChromium();
  }, 300_000);
  beforeEach(async () => {
    page = await browser.newPage();
    said = [];
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') said.push(message.text());
    });
    page.on('pageerror', (error) => said.push(error.message));
    await page.setContent('<body></body>');
    await page.addScriptTag({ content: script, type: 'module' });
    await asked((all) => expect(all.filter(isStream)).toHaveLength(1));
  });
  afterEach(async () => {
    expect(said).toEqual([]);
    await page.close();
  });
  afterAll(() => browser?.close());

  const isStream = ({ path }: Asked) => path === '/streams';
  const asked = (check: (all: Asked[]) => void) =>
    vi.waitFor(async () => check(await page.evaluate('window.asked')));

  it('opens one stream, on all that is needed below it', async () => {
    expect(await page.evaluate('window.clients.size')).toBe(1);
    expect(await page.evaluate('window.live.scopes')).toEqual(['player:me', 'global', 'contest:3']);
  });

  it('asks the newest token function', async () => {
    await page.evaluate("window.set({ token: 'second' })");
    // Asked again until the provider has rendered with it.
    await vi.waitFor(
      async () => {
        await page.evaluate('void window.live.api.counts().catch(() => {})');
        const all = (await page.evaluate('window.asked')) as Asked[];
        expect(all.findLast(({ path }) => path === '/notifications/counts')?.token).toBe('Bearer second');
      },
      { interval: 100 },
    );
    expect(await page.evaluate('window.clients.size')).toBe(1);
  });

  it('lets go of its stream when it goes, whatever is under way', async () => {
    await page.evaluate('window.set({ shown: false })');
    await asked((all) => expect(all.filter(isStream).map(({ open }) => open)).toEqual([false]));
    expect(await page.evaluate('[...window.clients].map(({ state }) => state)')).toEqual(['closed']);
  });
});

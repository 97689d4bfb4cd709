import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import react from '@vitejs/plugin-react';
import { connect, type LiveClient } from 'codecraft-live/client';
import type { Browser } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import { readmeSnippet, runSnippet } from '../support/readme.ts';
import { note, startService, type TestService } from '../support/service.ts';
import {
  type DemoPlayer,
  demoPlayer,
  isLive,
  liveContest,
  QUIET_DEMO,
  score,
  unreadOf,
  until,
  userOf,
} from './arena-page.ts';

const ROOT = resolve(import.meta.dirname, '../..');

describe('The README', { timeout: 60_000 }, () => {
  let live: TestService;
  let ada: DemoPlayer;
  let token: string;
  beforeAll(async () => {
    live = await startService(QUIET_DEMO);
    ada = await demoPlayer(live.url, 'Ada Okafor');
    token = await live.token(await userOf(live.test.database, ada.playerId));
  }, 120_000);
  afterAll(() => live.close());

  describe('on React', () => {
    let folder: string;
    let browser: Browser;
    beforeAll(async () => {
      browser = await launchChromium();
      // Among the sources, so that what it imports is found as any page of theirs finds it.
      folder = mkdtempSync(join(ROOT, 'test/web/readme-'));
      writeFileSync(join(folder, 'contest-page.tsx'), await readmeSnippet('tsx', 'ContestPage'));
      writeFileSync(
        join(folder, 'main.tsx'),
        `import { createRoot } from 'react-dom/client';
         import { ContestPage } from './contest-page.tsx';
         const { contestId, token } = window.given;
         createRoot(document.body).render(
           <ContestPage url={location.origin} contestId={contestId} getToken={() => token} />);`,
      );
      await build({
        configFile: false,
        root: folder,
        plugins: [react()],
        logLevel: 'error',
        resolve: {
          alias: [
            { find: /^codecraft-live\/react\/styles\.css$/, replacement: join(ROOT, 'src/react/styles.css') },
            { find: /^codecraft-live\/(\w+)$/, replacement: join(ROOT, 'src/$1/index.ts') },
          ],
        },
        build: {
          cssCodeSplit: false,
          rolldownOptions: {
            input: join(folder, 'main.tsx'),
            output: { codeSplitting: false, entryFileNames: 'page.js', assetFileNames: 'page[extname]' },
          },
        },
      });
    }, 300_000);
    afterAll(async () => {
      await browser?.close();
      rmSync(folder, { recursive: true });
    });

    it('is a live contest page', async () => {
      const contestId = await liveContest(live.test.database);
      const context = await browser.newContext();
      const page = await context.newPage();
      const html = `<!doctype html><title>Contest</title><link rel="stylesheet" href="/page.css"><body></body>
        <script>window.given = ${JSON.stringify({ contestId, token })}</script><script type="module" src="/page.js"></script>`;
      await page.route('**/contest', (route) => route.fulfill({ body: html, contentType: 'text/html' }));
      for (const [file, contentType] of [
        ['page.js', 'text/javascript'],
        ['page.css', 'text/css'],
      ] as const) {
        const body = readFileSync(join(folder, 'dist', file));
        await page.route(`**/${file}`, (route) => route.fulfill({ body, contentType }));
      }
      await page.goto(`${live.url}/contest`);
      await isLive(page);
      const unread = await unreadOf(page);
      await score(live.test.database, contestId, ada.playerId, 10_000);
      await page.locator('.ccl-row', { hasText: ada.playerName }).getByText('10,').waitFor();
      await until(async () =>
        expect(await page.locator('.ccl-row .ccl-name').first().textContent()).toBe(ada.playerName),
      );
      await live.publish(note(ada.playerId, 'From the README'));
      await page.locator('.ccl-toast', { hasText: 'From the README' }).waitFor();
      await until(async () => expect(await unreadOf(page)).toBeGreaterThan(unread));
      await context.close();
    });
  });

  it('on the client does what it says', async () => {
    const clients: LiveClient[] = [];
    const levels: unknown[] = [];
    const states: unknown[] = [];
    await runSnippet(await readmeSnippet('ts', 'live.setScopes'), {
      connect: (options: Parameters<typeof connect>[0]) => {
        const client = connect(options);
        clients.push(client);
        return client;
      },
      url: live.url,
      getToken: () => token,
      show: (...told: unknown[]) => levels.push(told),
      readAgain: () => {},
      say: (state: unknown) => states.push(state),
    });
    const [client] = clients;
    await until(() => expect(client?.state).toBe('open'));
    expect(client?.scopes).toEqual(['player:me', 'contest:2']);
    await live.publish({
      type: 'LEVEL_UP',
      data: { playerId: ada.playerId, oldLevel: 3, newLevel: 4 },
    });
    await until(() => expect(levels).toEqual([[4, expect.stringContaining('level 4')]]));
    expect(states).toContain('open');
    client?.close();
  });
});

import { connect, type LiveClient } from 'codecraft-live/client';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from '../support/browser/chromium.ts';
import { buildContestPage, type ReactPage } from '../support/browser/react-page.ts';
import { note, prepareService } from '../support/service.ts';
import { runSnippet, snippetOf } from '../support/snippets.ts';
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

describe('The README', { timeout: 60_000 }, () => {
  const live = prepareService(QUIET_DEMO);
  let ada: DemoPlayer;
  let token: string;
  beforeAll(async () => {
    ada = await demoPlayer(live.url, 'Ada Okafor');
    token = await live.token(await userOf(live.test.database, ada.playerId));
  }, 120_000);

  describe('on React', () => {
    let contestPage: ReactPage;
    let browser: Browser;
    beforeAll(async () => {
      browser = await launchChromium();
      contestPage = await buildContestPage(await snippetOf('README.md', 'tsx', 'ContestPage'));
    }, 300_000);
    afterAll(async () => {
      await browser?.close();
      contestPage?.remove();
    });

    it('is a live contest page', async () => {
      const snippets = ['README.md', 'docs/client.md'].map((file) => snippetOf(file, 'tsx', 'ContestPage'));
      expect(new Set(await Promise.all(snippets)).size).toBe(1);
      const contestId = await liveContest(live.test.database);
      const context = await browser.newContext();
      const page = await context.newPage();
      await contestPage.serve(page, { contestId, token });
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
    await runSnippet(await snippetOf('docs/client.md', 'ts', 'live.setScopes'), {
      connect: (options: Parameters<typeof connect>[0]) => {
        const client = connect(options);
        clients.push(client);
        return client;
      },
      url: live.url,
      getToken: () => token,
      show: (...shown: unknown[]) => levels.push(shown),
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

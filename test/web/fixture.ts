import type { Browser } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { launchChromium } from '../support/browser/chromium.ts';
import { startService, type TestService } from '../support/service.ts';
import { type DemoPlayer, demoPlayer, liveContest, QUIET_DEMO } from './arena-page.ts';

/** A service with the demo's data, which only a test changes, and a browser. */
export interface DemoFixture {
  readonly live: TestService;
  readonly browser: Browser;
  /** One of the demo's players. */
  readonly ada: DemoPlayer;
  /** The demo's live contest. */
  readonly contestId: number;
}

/** The demo of a test file, from its first test to its last. */
export function prepareDemo(): DemoFixture {
  let live: TestService;
  let browser: Browser;
  let ada: DemoPlayer;
  let contestId: number;
  beforeAll(async () => {
    live = await startService(QUIET_DEMO);
    browser = await launchChromium();
    ada = await demoPlayer(live.url, 'Ada Okafor');
    contestId = await liveContest(live.test.database);
  }, 300_000);
  afterAll(async () => {
    await browser?.close();
    await live?.close();
  });
  return {
    get live() {
      return live;
    },
    get browser() {
      return browser;
    },
    get ada() {
      return ada;
    },
    get contestId() {
      return contestId;
    },
  };
}

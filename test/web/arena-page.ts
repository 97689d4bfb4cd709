import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { expect, vi } from 'vitest';
import type { Queries } from '../../src/db/database.ts';

/** A demo that is put in and then left alone, so that a test makes everything that happens. */
export const QUIET_DEMO = {
  DEMO: 'on-this-database',
  DEMO_INTERVAL_MS: '86400000',
  STANDINGS_INTERVAL_MS: '20',
};

const PATIENCE = { timeout: 20_000, interval: 50 };

/** Waits until it holds. */
export const until = (holds: () => Promise<void> | void) => vi.waitFor(holds, PATIENCE);

export interface DemoPlayer {
  readonly playerId: number;
  readonly playerName: string;
}

export async function demoPlayer(url: string, name: string): Promise<DemoPlayer> {
  const { players } = (await (await fetch(`${url}/demo/players`)).json()) as { players: DemoPlayer[] };
  const found = players.find(({ playerName }) => playerName === name);
  if (!found) throw new Error(`no demo player ${name}`);
  return found;
}

/** A browser's window of its own, in which the visitor already is signed in. */
export async function contextOf(browser: Browser, player: DemoPlayer): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const identity = { kind: 'demo', playerId: player.playerId, name: player.playerName };
  await context.addInitScript((text) => {
    if (location.protocol === 'http:') localStorage.setItem('codecraft-live:identity', text);
  }, JSON.stringify(identity));
  return context;
}

/** The arena, once it is live and shows the leaderboard. */
export async function openArena(context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(url);
  await page.locator('.ccl-row').first().waitFor();
  await isLive(page);
  return page;
}

export const badge = (page: Page): Locator => page.locator('.ccl-connection');

export const isLive = (page: Page) =>
  until(async () => expect(await badge(page).getAttribute('data-state')).toBe('open'));

/** The names in the leaderboard, from the top. */
export const namesOf = (page: Page): Promise<string[]> =>
  page.locator('.ccl-row .ccl-name').allTextContents();

/** What the bell says is unread. */
export async function unreadOf(page: Page): Promise<number> {
  const label = await page.locator('.ccl-bell').getAttribute('aria-label');
  return Number(/(\d+) unread/.exec(label ?? '')?.[1] ?? 0);
}

/** How many streams of a player the service holds. */
export async function streamsOf(database: Queries, playerId: number): Promise<number> {
  const [row] = await database.query<{ streams: number }>(
    'SELECT COUNT(*) AS streams FROM stream_session WHERE player_id = ? AND disconnected_at IS NULL',
    [playerId],
  );
  return Number(row?.streams);
}

/** `users.id` of a player. */
export async function userOf(database: Queries, playerId: number): Promise<number> {
  const [row] = await database.query<{ userId: number }>(
    'SELECT user_id AS userId FROM player WHERE id = ?',
    [playerId],
  );
  return Number(row?.userId);
}

/** The demo's live contest. */
export async function liveContest(database: Queries): Promise<number> {
  const [row] = await database.query<{ id: number }>("SELECT id FROM contest WHERE status = 'LIVE'");
  return Number(row?.id);
}

/** A player solves a problem, as the platform writes it: with that, so many points more. */
export async function score(
  database: Queries,
  contestId: number,
  playerId: number,
  points: number,
): Promise<void> {
  await database.execute(
    `UPDATE contest_participant SET final_rating = final_rating + ?, problems_solved = problems_solved + 1,
            last_solved_at = NOW() WHERE contest_id = ? AND player_id = ?`,
    [points, contestId, playerId],
  );
}

/** The event that goes with it. */
export function solved(
  contestId: number,
  { playerId, playerName }: DemoPlayer,
  problemId: number,
  problemTitle: string,
) {
  return {
    type: 'PROBLEM_SOLVED',
    data: { playerId, playerName, contestId, problemId, problemTitle, points: 200 },
  };
}

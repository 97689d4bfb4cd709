import type { BrowserContext, Locator, Page } from 'playwright-core';
import type { Queries } from '../../src/db/database.ts';
import { isLive } from './arena-page.ts';

/** What a window complained of: errors of scripts, and whatever the browser refused to load or to run. */
export function complaintsOf(context: BrowserContext): string[] {
  const complaints: string[] = [];
  context.on('weberror', (error) => complaints.push(error.error().message));
  context.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  return complaints;
}

/** The debugger, before it is connected to anything. */
export async function openDebugger(context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${url}/debug`);
  // The contests that it suggests are there.
  await page
    .getByRole('checkbox', { name: /^contest:\d+ / })
    .first()
    .waitFor();
  return page;
}

export async function connect(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Connect/ }).click();
  await page.locator('.frame', { hasText: 'caught-up' }).first().waitFor();
  await isLive(page);
}

/** The rows of events, the newest first, whose words hold the text. */
export const eventRows = (page: Page, text: string): Locator =>
  page.locator('.frame[data-kind="event"]', { hasText: text });

/** A number of the debugger's head by its label. */
export async function figure(page: Page, label: string): Promise<string> {
  const value = page.locator('.figure', { has: page.locator('dt', { hasText: label }) }).locator('dd');
  return (await value.textContent())?.trim() ?? '';
}

/** The operator's page, once the nodes have spoken and the sessions are there. */
export async function openOps(context: BrowserContext, url: string, token: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${url}/ops`);
  await page.getByLabel('Paste an admin’s token').fill(token);
  await page.getByRole('button', { name: 'Enter' }).click();
  await page.locator('.nodes tbody tr').first().waitFor();
  await page.locator('.session-lines tbody tr').first().waitFor();
  return page;
}

/** `users.id` of the demo's admin. */
export async function adminOf(database: Queries): Promise<number> {
  const [row] = await database.query<{ id: number }>("SELECT id FROM users WHERE role = 'ADMIN'");
  return Number(row?.id);
}

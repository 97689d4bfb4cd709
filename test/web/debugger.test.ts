import { spawn } from 'node:child_process';
import type { BrowserContext, Page } from 'playwright-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { note } from '../support/service.ts';
import { contextOf, until, userOf } from './arena-page.ts';
import { prepareDemo } from './fixture.ts';
import { connect, eventRows, figure, openDebugger } from './tool-pages.ts';

describe('The debugger', { timeout: 60_000 }, () => {
  const demo = prepareDemo();
  let context: BrowserContext;
  let page: Page;
  beforeEach(async () => {
    context = await contextOf(demo.browser, demo.ada);
    page = await openDebugger(context, demo.live.url);
  });
  afterEach(() => context.close());

  const publish = async (event: unknown) => expect((await demo.live.publish(event)).status).toBe(201);
  const titled = (name: string, count: number) =>
    Array.from({ length: count }, (_, number) => `${name} ${String(number).padStart(2, '0')}`);
  /** What the rows of these events say, the oldest first. */
  const published = async (name: string) =>
    (await eventRows(page, name).locator('.frame-words').allTextContents())
      .map((words) => /\w+ \d\d/.exec(words.slice(words.indexOf(name)))?.[0])
      .toReversed();

  it('shows a frame as it came, what the client made of it, and how long it took', async () => {
    await connect(page);
    await publish(note(demo.ada.playerId, 'Side by side'));
    const row = eventRows(page, 'Side by side');
    await row.waitFor();
    expect(await row.count()).toBe(1);
    expect(await row.locator('.frame-raw').textContent()).toMatch(/^announcement \{"id":\d+,/);
    expect((await row.locator('.frame-words').textContent())?.trim()).toBe(
      `player:${demo.ada.playerId} Side by side: m`,
    );
    expect(await row.locator('.frame-latency').textContent()).toMatch(/^(<1|\d+) ms$/);
    const id = await row.locator('.frame-id').textContent();
    expect(await figure(page, 'Cursor')).toBe(id);

    await row.click();
    const inspector = page.getByRole('region', { name: 'The chosen frame' });
    const wire = await inspector.locator('.wire').textContent();
    const lines = wire?.split('\n') ?? [];
    expect(lines.slice(0, 2)).toEqual([`id: ${id}`, 'event: announcement']);
    const parsed = JSON.parse((await inspector.locator('pre').nth(1).textContent()) ?? '');
    expect(JSON.parse((lines[2] ?? '').replace('data: ', ''))).toEqual(parsed);
    expect(parsed).toMatchObject({
      type: 'ANNOUNCEMENT',
      title: 'Side by side',
      playerId: demo.ada.playerId,
    });
    await page.getByRole('listbox').press('Escape');
    await inspector.waitFor({ state: 'detached' });
  });

  it('asks for the types that are chosen, and for no others', async () => {
    await page.locator('.types summary').click();
    await page.getByRole('checkbox', { name: 'level-up' }).check();
    await connect(page);
    await publish(note(demo.ada.playerId, 'Unwanted'));
    await publish({ type: 'LEVEL_UP', data: { playerId: demo.ada.playerId, oldLevel: 3, newLevel: 31 } });
    await eventRows(page, 'Level 31').first().waitFor();
    expect(await eventRows(page, 'Unwanted').count()).toBe(0);
  });

  it('loses and doubles nothing when the connection is cut while events are published', async () => {
    await page.getByRole('checkbox', { name: /^global/ }).uncheck();
    await connect(page);
    const sent = titled('Cut', 40);
    const publishing = (async () => {
      for (const title of sent) await publish(note(demo.ada.playerId, title));
    })();
    await eventRows(page, 'Cut 03').waitFor();
    await page.getByRole('button', { name: 'Cut' }).click();
    await page.locator('.frame[data-kind="mark"]').getByText('Broken: the connection was cut').waitFor();
    await publishing;
    await until(async () => expect(await published('Cut')).toEqual(sent));
    await until(async () => expect(await figure(page, 'Resumed')).toBe('1×'));
    expect(await figure(page, 'Repeats dropped')).toBe('0');
  });

  it('holds the connection down, and catches up on what was missed', async () => {
    await connect(page);
    await page.getByRole('button', { name: 'Hold' }).click();
    await page.locator('.frame[data-kind="mark"]').first().waitFor();
    const sent = titled('Held', 5);
    for (const title of sent) await publish(note(demo.ada.playerId, title));
    expect(await published('Held')).toEqual([]);
    await page.getByRole('button', { name: 'Hold' }).click();
    await until(async () => expect(await published('Held')).toEqual(sent));
    expect(await eventRows(page, 'Held 04').locator('.frame-latency').textContent()).toBe('replay');
    await until(async () => expect(await figure(page, 'Resumed, last after 5 missed')).toBe('1×'));
  });

  it('replays from an id', async () => {
    await connect(page);
    const sent = titled('Again', 4);
    for (const title of sent) await publish(note(demo.ada.playerId, title));
    await eventRows(page, 'Again 03').waitFor();
    await eventRows(page, 'Again 01').click();
    await page.getByRole('button', { name: 'Clear' }).click();
    await page.getByRole('button', { name: 'Replay from here' }).click();
    await until(async () => expect(await published('Again')).toEqual(['Again 02', 'Again 03']));
    expect(await page.getByLabel('After this id').inputValue()).toMatch(/^\d+-\w+$/);
  });

  it('copies a stream as a line that runs', async () => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: demo.live.url });
    await publish(note(demo.ada.playerId, 'Before curl'));
    await page.getByLabel('the earliest kept').check();
    await page.getByRole('button', { name: 'Copy as curl' }).click();
    await page.locator('.copy-outcome').getByText('Copied').waitFor();
    const line = await page.evaluate(() => navigator.clipboard.readText());
    // The token is copied, and is not shown on the screen.
    expect(await page.locator('.curl code').textContent()).toContain('Bearer …');
    const shell = spawn('sh', ['-c', `exec ${line}`], { stdio: ['ignore', 'pipe', 'ignore'] });
    let said = '';
    shell.stdout.on('data', (chunk) => {
      said += chunk;
    });
    try {
      await until(() => {
        expect(said).toContain('event: stream-open\n');
        expect(said).toContain('"title":"Before curl"');
        expect(said).toContain('event: caught-up\n');
      });
    } finally {
      shell.kill();
    }
  });

  it('publishes a test event, and reports what is wrong with another', async () => {
    await connect(page);
    const form = page.getByRole('form', { name: 'Publish a test event' });
    const said = form.getByRole('status');
    await form.getByLabel('Service token').fill('nonsense');
    await form.getByRole('button', { name: 'Publish' }).click();
    await said.getByText('401 The token is not valid').waitFor();

    await form.getByLabel('Service token').fill(demo.live.serviceToken);
    await form.getByLabel('Type').selectOption('ACHIEVEMENT');
    await form.getByRole('button', { name: 'Publish' }).click();
    await said.getByText(/^Published as event \d+:$/).waitFor();
    // The form is longer than the page is high.
    await until(async () => {
      const box = await said.boundingBox();
      expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThanOrEqual(801);
    });
    await eventRows(page, 'First Blood').first().waitFor();
    // One to the player, one to everybody.
    await until(async () => expect(await eventRows(page, 'First Blood').count()).toBe(2));

    await form.getByLabel('Data').fill('{"playerId": 7, "achievement": 5}');
    await form.getByRole('button', { name: 'Publish' }).click();
    await said.getByText('/data/achievement').waitFor();
    await form.getByLabel('Data').fill('{');
    await form.getByRole('button', { name: 'Publish' }).click();
    await said.getByText(/^The data is not JSON/).waitFor();
  });

  it('offers an example of every type that the service takes as it stands', async () => {
    const form = page.getByRole('form', { name: 'Publish a test event' });
    await form.getByLabel('Service token').fill(demo.live.serviceToken);
    const types = await form.getByLabel('Type').locator('option').allTextContents();
    expect(types.length).toBeGreaterThan(9);
    for (const type of types) {
      await form.getByLabel('Type').selectOption(type);
      const answered = page.waitForResponse((response) => response.url().endsWith('/events'));
      await form.getByRole('button', { name: 'Publish' }).click();
      expect((await answered).status(), type).toBe(201);
    }
  });

  it('reports that a token is refused, and takes one that is not', async () => {
    await page.getByLabel('As').selectOption({ label: 'the owner of a token' });
    const token = page.getByRole('textbox', { name: 'Token', exact: true });
    await page.getByRole('button', { name: 'Connect' }).click();
    await page.getByRole('alert').getByText('Say as whom').waitFor();
    await token.fill('nonsense');
    await page.getByRole('button', { name: 'Connect' }).click();
    await page.locator('.frame[data-kind="mark"]').getByText('Over: The token is not valid').waitFor();
    await token.fill(await demo.live.token(await userOf(demo.live.test.database, demo.ada.playerId)));
    await page
      .getByRole('checkbox', { name: /^contest:/ })
      .first()
      .waitFor();
    await connect(page);
    await publish(note(demo.ada.playerId, 'By token'));
    await eventRows(page, 'By token').waitFor();
  });
});

// Makes the pictures of the pages anew: npm run build && node docs/screenshots.mjs
// Needs what the tests need: MariaDB, and Debian's Chromium.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { chromium } from 'playwright-core';

const ROOT = resolve(import.meta.dirname, '..');
const PORT = 4480;
const url = `http://127.0.0.1:${PORT}`;
const folder = mkdtempSync(join(tmpdir(), 'pictures-'));
const env = { ...process.env, DATA_DIR: folder, PORT: String(PORT), DEMO_INTERVAL_MS: '900' };

const service = spawn('node', ['dist/main.js'], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'inherit'] });
await new Promise((begun) =>
  service.stdout.on('data', (text) => String(text).includes('/events') && begun()),
);
const admin = execFileSync('node', ['dist/cli/main.js', 'token', '--admin'], { cwd: ROOT, env })
  .toString()
  .trim();
const { players } = await (await fetch(`${url}/demo/players`)).json();
const ada = players.find(({ playerName }) => playerName === 'Ada Okafor');

const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking'],
});
for (const colorScheme of ['light', 'dark']) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, colorScheme });
  await context.addInitScript(
    ([identity, token]) => {
      if (location.protocol !== 'http:') return;
      localStorage.setItem('codecraft-live:identity', identity);
      sessionStorage.setItem('codecraft-live:operator', token);
    },
    [JSON.stringify({ kind: 'demo', playerId: ada.playerId, name: ada.playerName }), admin],
  );
  const take = async (name, page) => {
    await page.screenshot({ path: join(ROOT, 'docs', `${name}-${colorScheme}.png`) });
    await page.close();
  };
  const arena = await context.newPage();
  await arena.goto(url);
  await arena.locator('.ccl-toast').first().waitFor({ timeout: 60_000 });
  await take('arena', arena);

  const debug = await context.newPage();
  await debug.goto(`${url}/debug`);
  await debug.getByRole('button', { name: 'Connect' }).click();
  await debug.locator('.frame[data-kind="event"]').nth(11).waitFor({ timeout: 60_000 });
  await debug.locator('.frame[data-kind="event"]').first().click();
  await take('debug', debug);

  // Somebody to be seen.
  const crowd = await Promise.all(
    players.slice(0, 6).map(async ({ playerId, playerName }) => {
      const one = await browser.newContext();
      await one.addInitScript(
        (text) => location.protocol === 'http:' && localStorage.setItem('codecraft-live:identity', text),
        JSON.stringify({ kind: 'demo', playerId, name: playerName }),
      );
      await (await one.newPage()).goto(url);
      return one;
    }),
  );
  const ops = await context.newPage();
  await ops.goto(`${url}/ops`);
  await ops.waitForTimeout(45_000);
  await take('ops', ops);
  for (const one of crowd) await one.close();
  await context.close();
}
await browser.close();
service.kill('SIGINT');
await new Promise((over) => service.on('exit', over));
rmSync(folder, { recursive: true });

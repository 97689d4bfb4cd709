// The arena in Chromium while 200 standings change a second: how long its pictures take, against the same page at rest.
//   npm run build && node bench/arena-frames.mjs [participants] [changes a second] [seconds]
// Writes what the platform writes, with triggers installed. Starts the built service on an embedded database of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, constants, loadavg, setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import { mintPlatformToken } from '../dist/auth/mint.js';
import { openDatabase } from '../dist/db/database.js';
import { startEmbeddedDatabase } from '../dist/db/embedded/embedded-database.js';
import { migrate } from '../dist/migrate/migrate.js';
import { installTriggers } from '../dist/platform/triggers/install.js';

const PARTICIPANTS = Number(process.argv[2] ?? 200);
const RATE = Number(process.argv[3] ?? 200);
const SECONDS = Number(process.argv[4] ?? 15);
/** Where to put a trace of the page under load, for the browser's own tools; unset: nowhere. */
const TRACE = process.env.TRACE;
const SECRET = 'bench-bench-bench-bench-bench';
const PORT = 4558;
const USER_OFFSET = 1_000_000;
const LONG_MS = 33;

const directory = await mkdtemp(join(tmpdir(), 'live-bench-'));
const server = await startEmbeddedDatabase({ directory });
const database = openDatabase({ url: server.url });
let service;
let browser;
try {
  await migrate(database);
  await fill();
  await installTriggers(database);
  service = spawn(process.execPath, ['dist/main.js'], {
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'test',
      DATABASE_URL: server.url,
      JWT_SECRET: SECRET,
      PORT: String(PORT),
      LOG_LEVEL: 'info',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => {
    service.stdout.on('data', (chunk) => chunk.toString().includes('listening') && resolve());
  });
  // The browser stands for a viewer's machine: what serves it, here on the same one, comes second.
  for (const { pid } of [service, server]) setPriority(pid, constants.priority.PRIORITY_LOW);
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
    ],
  });
  await measure();
} finally {
  await browser?.close();
  service?.kill('SIGTERM');
  if (service && service.exitCode === null) await once(service, 'exit');
  await database.close();
  await server.stop();
  await rm(directory, { recursive: true, force: true });
}

async function fill() {
  const ids = Array.from({ length: PARTICIPANTS }, (_, place) => place + 1);
  const insert = (sql, rows) => database.execute(sql, [rows]);
  await insert(
    'INSERT INTO users (id, name, email, password, role) VALUES ?',
    ids.map((id) => [USER_OFFSET + id, `Player ${id}`, `p${id}@bench.example`, '-', 'PLAYER']),
  );
  await insert(
    'INSERT INTO player (id, user_id, xp, level, tier, sub_rank) VALUES ?',
    ids.map((id) => [id, USER_OFFSET + id, id * 50, 1, ['BRONZE', 'SILVER', 'GOLD'][id % 3], 'I']),
  );
  await database.execute(
    `INSERT INTO contest (created_by, problems, title, status, start_time, end_time, duration_mins, participant_count)
     VALUES (?, '[1]', 'Bench', 'LIVE', '2026-01-01 00:00:00', '2100-01-01 00:00:00', 90, ?)`,
    [USER_OFFSET + 1, PARTICIPANTS],
  );
  await insert(
    'INSERT INTO contest_participant (contest_id, player_id, mode, final_rating, problems_solved, last_solved_at) VALUES ?',
    ids.map((id) => [1, id, 'PRECISION', id * 10, id % 8, '2026-01-01 00:30:00']),
  );
}

async function measure() {
  const token = await mintPlatformToken(SECRET, USER_OFFSET + 1);
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  await page.goto(`http://127.0.0.1:${PORT}`);
  await page.locator('#token').fill(token);
  await page.locator('#token').press('Enter');
  await page.locator('.ccl-row').first().waitFor();
  await page.locator('.ccl-connection[data-state="open"]').waitFor();
  await sleep(2_000);

  const idle = await pictures(page, async () => sleep(SECONDS * 1_000));
  if (TRACE) await browser.startTracing(page, { path: TRACE });
  let changed = 0;
  const busy = await pictures(page, async () => {
    changed = await change();
  });
  if (TRACE) await browser.stopTracing();
  console.log(
    `${changed} changes among ${PARTICIPANTS} rows in ${SECONDS} s; the page drew ${busy.versions} versions of the standings`,
  );
  table([
    ['', 'at rest', 'changing', 'ratio'],
    ...['median', 'p95', 'p99', 'longest'].map((name) => [
      `picture, ${name}`,
      `${idle[name].toFixed(1)} ms`,
      `${busy[name].toFixed(1)} ms`,
      `${(busy[name] / idle[name]).toFixed(2)}×`,
    ]),
    [`over ${LONG_MS} ms`, `${share(idle)} %`, `${share(busy)} %`, ''],
    ['its main thread works', `${idle.work.toFixed(0)} %`, `${busy.work.toFixed(0)} %`, ''],
  ]);
  const load = `${(loadavg()[0] ?? 0).toFixed(1)} of ${availableParallelism()} cores`;
  console.log(`the machine's load meanwhile: ${load}`);
}

function share({ long, count }) {
  return ((long / count) * 100).toFixed(2);
}

/** What the page's pictures were like while `work` went on. */
async function pictures(page, work) {
  const devtools = await page.context().newCDPSession(page);
  // In CPU time: what else the machine does is not counted.
  await devtools.send('Performance.enable', { timeDomain: 'threadTicks' });
  const taskSeconds = async () =>
    (await devtools.send('Performance.getMetrics')).metrics.find(({ name }) => name === 'TaskDuration').value;
  await page.evaluate(() => {
    const state = { spans: [], versions: new Set(), on: true };
    window.pictures = state;
    let last = performance.now();
    requestAnimationFrame(function next(now) {
      state.spans.push(now - last);
      last = now;
      state.versions.add(document.querySelector('.ccl-leaderboard')?.dataset.version);
      if (state.on) requestAnimationFrame(next);
    });
  });
  const [tasksBefore, began] = [await taskSeconds(), performance.now()];
  await work();
  const took = (performance.now() - began) / 1_000;
  const tasks = (await taskSeconds()) - tasksBefore;
  const { spans, versions } = await page.evaluate(() => {
    window.pictures.on = false;
    return { spans: window.pictures.spans, versions: window.pictures.versions.size };
  });
  await devtools.detach();
  const sorted = spans.slice(1).sort((a, b) => a - b);
  const at = (part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
  return {
    median: at(0.5),
    p95: at(0.95),
    p99: at(0.99),
    longest: at(1),
    long: sorted.filter((span) => span > LONG_MS).length,
    count: sorted.length,
    work: (tasks / took) * 100,
    versions,
  };
}

/** Somebody scores, so often a second; half of them overtake many at once. */
async function change() {
  const began = performance.now();
  const working = [];
  let sent = 0;
  for (; sent < RATE * SECONDS; sent++) {
    const late = began + (sent * 1_000) / RATE - performance.now();
    if (late > 1) await sleep(late);
    const playerId = ((sent * 7_919) % PARTICIPANTS) + 1;
    working.push(
      database.execute(
        `UPDATE contest_participant SET final_rating = final_rating + ?, problems_solved = problems_solved + 1,
                last_solved_at = NOW() WHERE contest_id = 1 AND player_id = ?`,
        [sent % 2 === 0 ? 400 : 7.25, playerId],
      ),
    );
  }
  await Promise.all(working);
  return sent;
}

function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  for (const row of rows)
    console.log(
      row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('   '),
    );
}

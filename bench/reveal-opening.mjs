// The opening of a reveal of 10,000 rows × 12 problems: every viewer reads all of it at once.
//   npm run build && node bench/reveal-opening.mjs [viewers] [participants]
// Starts the built service on an embedded database of its own. The server counts the statements, those of the service's polls included.
import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { mintPlatformToken } from '../dist/auth/mint.js';
import { fillSubmissions, kib, SECRET, spreadOf, USER_OFFSET, withContest } from './contest-crowd.mjs';
import { cpuOf, residentOf } from './process-usage.mjs';

const VIEWERS = Number(process.argv[2] ?? 200);
const PARTICIPANTS = Number(process.argv[3] ?? 10_000);
const PROBLEMS = 12;
const HIDDEN = Math.min(1_000, PARTICIPANTS);
const PATIENCE_MS = 120_000;

await withContest(
  { participants: PARTICIPANTS, problems: PROBLEMS, fillMore: fillSubmissions },
  async ({ database, service }) => {
    const ask = async (path, player, init = {}) => {
      const token = await mintPlatformToken(SECRET, USER_OFFSET + player);
      const headers = { authorization: `Bearer ${token}`, ...init.headers };
      return fetch(`http://127.0.0.1:${service.port}${path}`, { ...init, headers });
    };
    await freeze(database, ask);

    const openedAt = performance.now();
    const opened = await ask('/contests/1/reveal', 1, { method: 'POST' });
    if (opened.status !== 200) throw new Error(`${opened.status} ${await opened.text()}`);
    console.log(`opened in ${(performance.now() - openedAt).toFixed(0)} ms, ${HIDDEN} hidden cells`);

    await report('one viewer', [2]);
    await sleep(2_000);
    const viewers = Array.from({ length: VIEWERS }, (_, index) => index + 3);
    // A step in between: no viewer has read what follows.
    await ask('/contests/1/reveal/steps', 1, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"step":1}',
    });
    await report(`${VIEWERS} viewers`, viewers);

    async function report(name, players) {
      const before = { selects: await selects(), cpu: cpuOf(service.pid) };
      const began = performance.now();
      const delays = [];
      const bodies = new Set();
      let size = 0;
      await Promise.all(
        players.map(async (player) => {
          const { etag, bytes } = await receive('/contests/1/reveal/standings?freeze=1&step=0', player);
          size = bytes;
          bodies.add(etag);
          delays.push(performance.now() - began);
        }),
      );
      const took = performance.now() - began;
      const used = { selects: (await selects()) - before.selects, cpu: cpuOf(service.pid) - before.cpu };
      await sleep(1_000);
      const idle = { selects: await selects(), cpu: cpuOf(service.pid) };
      await sleep(took);
      const rest = { selects: (await selects()) - idle.selects, cpu: cpuOf(service.pid) - idle.cpu };
      console.log(
        `${name}: ${bodies.size} body of ${kib(size)}, ${spreadOf(delays)}; ${used.selects} SELECTs and ${used.cpu} ms of the service's CPU, ` +
          `at rest in as long ${rest.selects} and ${rest.cpu} ms; ${kib(residentOf(service.pid) * 1_024)} resident`,
      );
    }

    /** Receives an answer without decompressing it, which is a browser's work. */
    async function receive(path, player) {
      const token = await mintPlatformToken(SECRET, USER_OFFSET + player);
      const headers = { authorization: `Bearer ${token}`, 'accept-encoding': 'gzip' };
      return new Promise((resolve, reject) => {
        const request = get({ port: service.port, path, headers, agent: false }, (response) => {
          let bytes = 0;
          if (response.statusCode !== 200) reject(new Error(`status ${response.statusCode}`));
          response.on('data', (chunk) => {
            bytes += chunk.length;
          });
          response.on('end', () => resolve({ etag: response.headers.etag, bytes }));
          response.on('error', reject);
        });
        request.on('error', reject);
      });
    }

    async function selects() {
      const [row] = await database.query("SHOW GLOBAL STATUS LIKE 'Com_select'");
      return Number(row.Value);
    }
  },
);

/** Freezes the contest once it is shown, adds hidden submissions, and ends it. */
async function freeze(database, ask) {
  await database.execute("UPDATE users SET role = 'ADMIN' WHERE id = ?", [USER_OFFSET + 1]);
  await until(async () => {
    const page = await (await ask('/contests/1/leaderboard?cells=1&limit=1', 2)).json();
    return page.total === PARTICIPANTS && page.rows[0].cells.length === PROBLEMS;
  });
  await database.execute('UPDATE contest SET leaderboard_frozen = TRUE WHERE id = 1');
  await until(async () => (await (await ask('/contests/1/leaderboard?limit=1', 2)).json()).frozen === true);
  const players = Array.from({ length: HIDDEN }, (_, index) => index + 1);
  await database.execute(
    'INSERT INTO submission (player_id, problem_id, contest_id, language, verdict, points_earned) VALUES ?',
    [players.map((id) => [id, ((3 - (id % 3)) % 3) + 1, 1, 'cpp', 'WRONG_ANSWER', 0])],
  );
  await database.execute("UPDATE contest SET status = 'ENDED' WHERE id = 1");
  await until(async () => (await (await ask('/contests/1', 2)).json()).status === 'ENDED');
}

async function until(holds) {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`not within ${PATIENCE_MS} ms: ${holds}`);
    await sleep(100);
  }
}

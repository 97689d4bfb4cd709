// What must not grow: each dimension is doubled twice, and each line is to be flat.
//   npm run build && node bench/flat.mjs [seconds]
// Idle streams of different users, and users: queries and CPU of a node and of the database, per second. History of one inbox: time of
// its counts, a page, a mark of one, and a mark of all where nothing is unread. Starts a MariaDB and the built service. Three minutes.
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { mintPlatformToken } from '../dist/auth/mint.js';
import { openDatabase } from '../dist/db/database.js';
import { startEmbeddedDatabase } from '../dist/db/embedded/embedded-database.js';
import { migrate } from '../dist/migrate/migrate.js';
import { cpuOf } from './process-usage.mjs';
import { startService } from './server-process.mjs';

const seconds = Number(process.argv[2] ?? 10);
const SECRET = 'bench-bench-bench-bench-bench';
/** Time after the last opening until presence, sessions and leases are at rest, ms. */
const REST_MS = 8_000;
const STREAMS = [500, 1_000, 2_000];
const USERS = [10_000, 20_000, 40_000];
const HISTORY = [50_000, 100_000, 200_000];
const TIMES = 15;

const directory = await mkdtemp(join(tmpdir(), 'live-bench-'));
const mariadb = await startEmbeddedDatabase({ directory, log: () => {} });
const database = openDatabase({ url: mariadb.url, statementTimeoutMs: 0 });
await migrate(database);
const [{ pidFile }] = await database.query('SELECT @@pid_file AS pidFile');
const databasePid = Number((await import('node:fs')).readFileSync(pidFile, 'utf8'));
const token = (id) => mintPlatformToken(SECRET, id);
const start = () => startService({ DATABASE_URL: mariadb.url, JWT_SECRET: SECRET });

async function numbersThrough(count) {
  await database.execute('CREATE TABLE IF NOT EXISTS numbers (n INT NOT NULL PRIMARY KEY)');
  await database.execute('INSERT IGNORE INTO numbers VALUES (1)');
  for (let have = 1; have < count; have *= 2)
    await database.execute('INSERT IGNORE INTO numbers SELECT n + ? FROM numbers', [have]);
}

async function users(count) {
  await numbersThrough(count);
  await database.execute(
    `INSERT IGNORE INTO users (id, name, email, password, role)
     SELECT n, CONCAT('User ', n), CONCAT('u', n, '@bench.example'), '-', 'PLAYER' FROM numbers WHERE n <= ?`,
    [count],
  );
  await database.execute(
    'INSERT IGNORE INTO player (id, user_id, xp) SELECT n, n, MOD(n, 5000) FROM numbers WHERE n <= ?',
    [count],
  );
}

/** Opens streams of users, each once; resolves when all are open. */
function openStreams(port, ids) {
  return Promise.all(
    ids.map(async (id) => {
      const headers = { authorization: `Bearer ${await token(id)}` };
      return new Promise((resolve, reject) => {
        const call = request(
          { port, path: '/streams?scope=player:me&scope=global', headers, agent: false },
          (response) => {
            if (response.statusCode !== 200) reject(new Error(String(response.statusCode)));
            response.once('data', () => resolve(call)).resume();
            response.on('error', () => {});
          },
        );
        call.on('error', reject).end();
      });
    }),
  );
}

async function counted() {
  const [{ Value }] = await database.query("SHOW GLOBAL STATUS LIKE 'Questions'");
  return Number(Value);
}

/** Queries and CPU per second while nothing is published. */
async function atRest(service, label) {
  await sleep(REST_MS);
  const [queries, cpu, databaseCpu, at] = [
    await counted(),
    cpuOf(service.pid),
    cpuOf(databasePid),
    performance.now(),
  ];
  await sleep(seconds * 1_000);
  const s = (performance.now() - at) / 1_000;
  console.log(
    `${label.padEnd(24)} ${((await counted()) - queries - 1).toFixed(0).padStart(6)} queries, ${(
      (cpuOf(service.pid) - cpu) / s
    ).toFixed(
      1,
    )} ms/s of the node, ${((cpuOf(databasePid) - databaseCpu) / s).toFixed(1)} ms/s of the database, in ${s.toFixed(0)} s`,
  );
}

/** Makes the inbox of a player that long, nearly all of it read. */
async function history(count) {
  await numbersThrough(count);
  const [{ head }] = await database.query('SELECT head FROM log_head WHERE id = 1');
  await database.execute(
    `INSERT INTO notification (id, event_id, scope, keep_class, type, inbox, player_id, title, message, data, created_at)
     SELECT ? + n, ? + n, 'player:1', 'player', 'LEVEL_UP', 1, 1, 'Level 2', 'You reached level 2',
       '{"playerId":1,"oldLevel":1,"newLevel":2}', UTC_TIMESTAMP(3) FROM numbers WHERE n <= ?`,
    [head, head, count],
  );
  await database.execute('UPDATE log_head SET head = head + ?, tag = NULL, tagged_head = NULL', [count]);
  await database.execute(
    `INSERT INTO notification_receipt (player_id, notification_id, seen_at, read_at)
     SELECT 1, ? + n, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) FROM numbers WHERE n <= ?`,
    [head, count - 100],
  );
}

const agent = new Agent({ keepAlive: true });
async function call(port, method, path, body) {
  const headers = { authorization: `Bearer ${await token(1)}`, 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const sent = request({ port, method, path: `/notifications${path}`, headers, agent }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => (text += chunk));
      response.on('end', () => {
        if (response.statusCode === 200) resolve(JSON.parse(text));
        else reject(new Error(`${method} ${path}: ${response.statusCode}`));
      });
    });
    sent.on('error', reject).end(body && JSON.stringify(body));
  });
}

async function median(use) {
  const took = [];
  for (let time = 0; time < TIMES; time++) {
    const at = performance.now();
    await use(time);
    took.push(performance.now() - at);
  }
  return took
    .sort((a, b) => a - b)
    [TIMES >> 1].toFixed(1)
    .padStart(6);
}

let service;
try {
  await users(USERS[0]);
  service = await start();
  const open = [];
  for (const streams of STREAMS) {
    const ids = Array.from({ length: streams - open.length }, (_, index) => open.length + index + 1);
    for (let at = 0; at < ids.length; at += 50)
      open.push(...(await openStreams(service.port, ids.slice(at, at + 50))));
    await atRest(service, `${streams} idle streams`);
  }
  for (const stream of open) stream.on('error', () => {}).destroy();
  await service.stop();

  for (const count of USERS) {
    await users(count);
    service = await start();
    await atRest(service, `${count} users`);
    await service.stop();
  }

  let length = 0;
  for (const count of HISTORY) {
    await history(count - length);
    length = count;
    service = await start();
    const { port } = service;
    const at = performance.now();
    await call(port, 'GET', '/counts');
    const first = performance.now() - at;
    const counts = await median(() => call(port, 'GET', '/counts'));
    const page = await median(() => call(port, 'GET', '?limit=20'));
    const { items } = await call(port, 'GET', '?limit=50');
    const one = await median((time) => call(port, 'PUT', `/${items[time].id}/read`));
    await call(port, 'POST', '/read', { throughId: 2 ** 50 });
    const all = await median(() => call(port, 'POST', '/read', { throughId: 2 ** 50 }));
    console.log(
      `${String(count).padStart(6)} in the inbox: counts ${counts} ms, page ${page} ms, mark one ${one} ms, mark all ${all} ms; first counts after the growth ${first.toFixed(0)} ms`,
    );
    await service.stop();
  }
} finally {
  await service.stop().catch(() => {});
  agent.destroy();
  await database.close();
  await mariadb.stop();
  await rm(directory, { recursive: true, force: true, maxRetries: 10 });
}

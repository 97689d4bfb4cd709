// How long an event takes to a stream of the node that published it, and to one of another node: found by polling the database,
// and sent over Redis. Also what a node costs at rest.
//   npm run build && node bench/across-nodes.mjs [rounds] [--mysql] [--record FILE]
// Starts a database as test/faults does, with its binlog on, and a Redis (`redis-server` must be installed), and per round two nodes without Redis and two with it, one pair
// after the other. Each event is published at the first node and read by a stream of each, so that both latencies are of the same event.
// Bounded: it stops by itself.
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { deriveKeys } from '../dist/auth/keys.js';
import { mintPlatformToken, mintServiceToken } from '../dist/auth/mint.js';
import { openDatabase } from '../dist/db/database.js';
import { migrate } from '../dist/migrate/migrate.js';
import { startDatabase } from '../test/faults/database.mjs';
import { figuresTable } from '../test/faults/report.mjs';
import { cpuOf } from './process-usage.mjs';
import { startRedis } from './redis-process.mjs';
import { startService } from './server-process.mjs';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { mysql: { type: 'boolean', default: false }, record: { type: 'string' } },
});
const rounds = Number(positionals[0] ?? 2);
const kind = options.mysql ? 'mysql' : 'mariadb';
const SECRET = 'bench-bench-bench-bench-bench';
/** How long a pair is left alone, ms. */
const REST_MS = 8_000;
/** Paces: name, events, pause between them in ms. At rest, the busy poll (1 s after the last foreign row) has ended. */
const PACES = [
  ['at rest', 12, 1_400],
  ['20/s', 200, 50],
];
/** Max wait for one event, ms. */
const PATIENCE_MS = 20_000;

const directory = await mkdtemp(join(tmpdir(), 'live-bench-'));
const server = await startDatabase({ kind });
const databaseUrl = `mysql://root@localhost/live?socketPath=${encodeURIComponent(server.socketPath())}`;
const database = openDatabase({ url: databaseUrl });
await migrate(database);
await database.execute(
  "INSERT INTO users (id, name, email, password, role, status) VALUES (1, 'User', 'u@example.test', '-', 'PLAYER', 'ACTIVE')",
);
await database.execute(
  "INSERT INTO player (id, user_id, xp, level, tier, sub_rank) VALUES (1, 1, 0, 1, 'BRONZE', 'Bronze I')",
);
const redis = await startRedis(directory);
const token = await mintPlatformToken(SECRET, 1);
const serviceToken = await mintServiceToken(
  deriveKeys({ secret: SECRET, liveSecret: undefined }).service,
  'bench',
);

const latencies = new Map();
const costs = new Map();
let runs = 0;
for (let round = 0; round < rounds; round++)
  for (const [mode, extra] of [
    ['poll', {}],
    ['Redis', { REDIS_URL: redis.url }],
  ])
    await measure(mode, extra);

const outcome = {
  database: kind,
  latencies: Object.fromEntries([...latencies].map(([name, values]) => [name, figuresOf(values)])),
  idle: Object.fromEntries([...costs].map(([mode, all]) => [mode, meansOf(all)])),
};
console.log(figuresTable(outcome));
if (options.record) appendFileSync(options.record, `${JSON.stringify(outcome)}\n`);
await redis.stop();
await database.close();
await server.remove();
await rm(directory, { recursive: true, force: true });

async function measure(mode, extra) {
  const run = runs++;
  const env = { DATABASE_URL: databaseUrl, JWT_SECRET: SECRET, LOG_LEVEL: 'info', ...extra };
  const nodes = [await startService(env), await startService(env)];
  const streams = await Promise.all(nodes.map(({ port }) => openStream(port)));
  await publish(nodes[0].port, `first in run ${run}`);
  await Promise.all(streams.map(({ arrived }) => arrived(`first in run ${run}`)));
  // Leadership and presence settle.
  await sleep(4_000);
  const usage = async () => [await questions(), ...nodes.map(({ pid }) => cpuOf(pid))];
  const [before, at] = [await usage(), performance.now()];
  await sleep(REST_MS);
  const seconds = (performance.now() - at) / 1_000;
  const [queries, first, second] = (await usage()).map((value, index) => (value - before[index]) / seconds);
  // The first node leads. CPU in ms a second becomes percent of a core.
  add(costs, mode, { queries: queries / 2, leaderCpu: first / 10, cpu: second / 10 });
  for (const [pace, count, pauseMs] of PACES)
    for (let index = 0; index < count; index++) {
      const title = `${mode} ${pace} ${index} in run ${run}`;
      const sentAt = performance.now();
      await publish(nodes[0].port, title);
      const [own, other] = await Promise.all(streams.map(({ arrived }) => arrived(title)));
      add(latencies, `${pace}, same node (${mode})`, own - sentAt);
      add(latencies, `${pace}, other node by ${mode}`, other - sentAt);
      add(latencies, `${pace}, difference by ${mode}`, other - own);
      await sleep(Math.max(0, pauseMs - (performance.now() - sentAt)));
    }
  for (const { close } of streams) close();
  for (const { stop } of nodes) await stop();
}

function add(map, key, value) {
  map.set(key, [...(map.get(key) ?? []), value]);
}

async function questions() {
  const [row] = await database.query("SHOW GLOBAL STATUS LIKE 'Questions'");
  return Number(row.Value);
}

async function publish(port, title) {
  const answer = await fetch(`http://127.0.0.1:${port}/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${serviceToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ type: 'ANNOUNCEMENT', data: { title, message: 'm', playerId: 1 } }),
  });
  if (answer.status !== 201) throw new Error(`publishing was answered ${answer.status}`);
  await answer.arrayBuffer();
}

/** A stream that knows when each title arrived. */
async function openStream(port) {
  const asked = request({
    port,
    path: '/streams/players/me',
    headers: { authorization: `Bearer ${token}` },
  }).end();
  const [answer] = await once(asked, 'response');
  const times = new Map();
  const waiting = new Map();
  let rest = '';
  answer.setEncoding('utf8').on('data', (text) => {
    const now = performance.now();
    rest += text;
    const end = rest.lastIndexOf('\n\n');
    if (end < 0) return;
    for (const [, title] of rest.slice(0, end).matchAll(/"title":"([^"]+)"/g)) {
      if (!times.has(title)) times.set(title, now);
      waiting.get(title)?.(times.get(title));
    }
    rest = rest.slice(end);
  });
  answer.on('error', () => {});
  return {
    arrived: (title) =>
      times.has(title)
        ? Promise.resolve(times.get(title))
        : Promise.race([
            new Promise((resolve) => waiting.set(title, resolve)),
            sleep(PATIENCE_MS, undefined, { ref: false }).then(() => {
              throw new Error(`${title} did not arrive`);
            }),
          ]),
    close: () => asked.destroy(),
  };
}

function figuresOf(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share) => rounded(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]);
  return { count: sorted.length, p50: at(0.5), p99: at(0.99) };
}

function meansOf(all) {
  const mean = (key) => rounded(all.reduce((sum, one) => sum + one[key], 0) / all.length);
  return { queries: mean('queries'), leaderCpu: mean('leaderCpu'), cpu: mean('cpu') };
}

function rounded(value) {
  return Math.round(value * 10) / 10;
}

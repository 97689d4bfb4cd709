// Streams that are opened faster than the database can answer: how many open a second, at each rate that is offered.
//   npm run build && node bench/openings.mjs [seconds] [rate...]
// Starts a MariaDB and the built service, with a pool of two connections through a hop that delays each answer. Each client has
// a user and a contest of its own, so that nothing is cached, and comes once. Bounded: it stops by itself.
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { mintPlatformToken } from '../dist/auth/mint.js';
import { openDatabase } from '../dist/db/database.js';
import { startEmbeddedDatabase } from '../dist/db/embedded/embedded-database.js';
import { migrate } from '../dist/migrate/migrate.js';
import { startService } from './server-process.mjs';

const [seconds = 15, ...given] = process.argv.slice(2).map(Number);
const rates = given.length > 0 ? given : [15, 60, 300];
/** Delay of each answer of the database, ms. */
const DELAY_MS = 40;
/** How long a client waits for `stream-open`, ms. */
const PATIENCE_MS = 3_000;
const SECRET = 'bench-bench-bench-bench-bench';

const directory = await mkdtemp(join(tmpdir(), 'live-bench-'));
const mariadb = await startEmbeddedDatabase({ directory, log: () => {} });
const database = openDatabase({ url: mariadb.url });
const socketPath = new URL(mariadb.url).searchParams.get('socketPath');
let delayMs = 0;
const hop = createServer((client) => {
  const server = connect(socketPath);
  client.on('data', (chunk) => server.write(chunk));
  server.on('data', (chunk) => setTimeout(() => client.write(chunk), delayMs));
  for (const [one, other] of [
    [client, server],
    [server, client],
  ])
    one.on('error', () => {}).on('close', () => other.destroy());
}).listen(0, '127.0.0.1');
await once(hop, 'listening');

const count = Math.ceil(rates.reduce((sum, rate) => sum + rate, 0) * seconds);
await migrate(database);
const numbers = Array.from({ length: count }, (_, index) => index + 1);
for (let at = 0; at < count; at += 1_000) {
  const page = numbers.slice(at, at + 1_000);
  await database.execute('INSERT INTO users (id, name, email, password, role, status) VALUES ?', [
    page.map((id) => [id, `User ${id}`, `u${id}@example.test`, '-', 'PLAYER', 'ACTIVE']),
  ]);
  await database.execute('INSERT INTO player (id, user_id, xp, level, tier, sub_rank) VALUES ?', [
    page.map((id) => [id, id, 0, 1, 'BRONZE', 'Bronze I']),
  ]);
  await database.execute(
    'INSERT INTO contest (id, created_by, problems, title, status, start_time, end_time, duration_mins, is_public, leaderboard_frozen) VALUES ?',
    [page.map((id) => [id, 1, '[]', `Contest ${id}`, 'ENDED', '2020-01-01', '2020-01-02', 90, true, false])],
  );
}
const tokens = await Promise.all(numbers.map((id) => mintPlatformToken(SECRET, id)));
const service = await startService({
  DATABASE_URL: `mysql://root@127.0.0.1:${hop.address().port}/codecraft`,
  DATABASE_POOL_SIZE: '2',
  JWT_SECRET: SECRET,
  LOG_LEVEL: 'info',
});

/** Opens one stream as an EventSource does; resolves with what came of it, and how long that took. */
function open(id) {
  const startedAt = performance.now();
  return new Promise((resolve) => {
    const call = request(
      {
        port: service.port,
        path: `/streams?scope=player:me&scope=contest:${id}`,
        headers: { authorization: `Bearer ${tokens[id - 1]}`, accept: 'text/event-stream' },
        agent: false,
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk) => {
          text += chunk;
          if (text.includes('event: stream-open')) end('opened');
          else if (text.includes('event: stream-close')) end('asked to come again');
        });
        if (response.statusCode !== 200) end(String(response.statusCode));
      },
    );
    const timer = setTimeout(() => end('gave up'), PATIENCE_MS);
    call.on('error', () => end('cut')).end();
    function end(outcome) {
      clearTimeout(timer);
      call.destroy();
      resolve({ outcome, ms: performance.now() - startedAt });
    }
  });
}

try {
  let next = 1;
  for (const rate of rates) {
    delayMs = DELAY_MS;
    const pending = [];
    const startedAt = performance.now();
    for (let sent = 0; sent < rate * seconds; ) {
      const due = Math.min(rate * seconds, ((performance.now() - startedAt) / 1_000) * rate);
      for (; sent < due; sent++) pending.push(open(next++));
      await sleep(5);
    }
    const outcomes = await Promise.all(pending);
    const took = outcomes.filter(({ outcome }) => outcome === 'opened').map(({ ms }) => ms);
    took.sort((one, other) => one - other);
    const at = (share) => Math.round(took[Math.floor(took.length * share)] ?? Number.NaN);
    const others = new Map();
    for (const { outcome } of outcomes)
      if (outcome !== 'opened') others.set(outcome, (others.get(outcome) ?? 0) + 1);
    console.log(
      `${rate}/s offered for ${seconds} s: ${(took.length / seconds).toFixed(1)}/s opened, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms; ${
        [...others].map(([outcome, times]) => `${outcome}: ${times}`).join(', ') || 'nobody refused'
      }`,
    );
    delayMs = 0;
    await sleep(3_000);
  }
} finally {
  await service.stop();
  hop.close();
  await database.close();
  await mariadb.stop();
  await rm(directory, { recursive: true, force: true, maxRetries: 10 });
}

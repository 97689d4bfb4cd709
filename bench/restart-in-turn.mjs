// Three nodes behind a load balancer that are restarted in turn: how the streams of each return to the others, and what the clients saw.
//   npm run build && node bench/restart-in-turn.mjs [streams] [drain ms] [spread ms]
// Starts a MariaDB, three built services, and a hop that sends connections in turn to those whose /ready says 200. Each client
// has a stream, reconnects as an EventSource does, and knows the events that it must get. Bounded: it stops by itself.
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { deriveKeys } from '../dist/auth/keys.js';
import { mintPlatformToken, mintServiceToken } from '../dist/auth/mint.js';
import { openDatabase } from '../dist/db/database.js';
import { startEmbeddedDatabase } from '../dist/db/embedded/embedded-database.js';
import { migrate } from '../dist/migrate/migrate.js';
import { startService } from './server-process.mjs';

const [count = 1_500, drainMs = 5_000, spreadMs = drainMs / 2] = process.argv.slice(2).map(Number);
/** Width of a column of the table, ms. */
const STEP_MS = 200;
const SECRET = 'bench-bench-bench-bench-bench';

const directory = await mkdtemp(join(tmpdir(), 'live-bench-'));
const mariadb = await startEmbeddedDatabase({ directory, log: () => {} });
const database = openDatabase({ url: mariadb.url });
await migrate(database);
await database.execute('INSERT INTO users (id, name, email, password, role, status) VALUES ?', [
  Array.from({ length: count }, (_, index) => [
    index + 1,
    `User ${index}`,
    `u${index}@example.test`,
    '-',
    'PLAYER',
    'ACTIVE',
  ]),
]);
await database.execute('INSERT INTO player (id, user_id, xp, level, tier, sub_rank) VALUES ?', [
  Array.from({ length: count }, (_, index) => [index + 1, index + 1, 0, 1, 'BRONZE', 'Bronze I']),
]);
const service = await mintServiceToken(
  deriveKeys({ secret: SECRET, liveSecret: undefined }).service,
  'bench',
);
const tokens = await Promise.all(
  Array.from({ length: count }, (_, index) => mintPlatformToken(SECRET, index + 1)),
);

const start = () =>
  startService({
    DATABASE_URL: mariadb.url,
    JWT_SECRET: SECRET,
    SHUTDOWN_DRAIN_MS: String(drainMs),
    SHUTDOWN_SPREAD_MS: String(spreadMs),
  });
let nodes = [await start(), await start(), await start()];

const sockets = new Set();
let ready = nodes.map(({ port }) => port);
let turn = 0;
const balancer = createServer((client) => {
  const node = connect(ready[turn++ % ready.length], '127.0.0.1');
  for (const [socket, other] of [
    [client, node],
    [node, client],
  ]) {
    sockets.add(socket);
    socket
      .on('error', () => {})
      .on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
  }
  client.pipe(node).pipe(client);
}).listen(0, '127.0.0.1');
await once(balancer, 'listening');
let checking = true;
const checks = (async () => {
  while (checking) {
    const answers = await Promise.all(
      nodes.map(async ({ port }) => {
        const response = await fetch(`http://127.0.0.1:${port}/ready`).catch(() => undefined);
        await response?.arrayBuffer().catch(() => {});
        return response?.ok ? [port] : [];
      }),
    );
    if (answers.flat().length > 0) ready = answers.flat();
    await sleep(100);
  }
})();

/** Instants at which a stream was opened again. */
let openings = [];
const titles = [];
const clients = tokens.map((token) => ({
  token,
  cursor: undefined,
  retryMs: 1_500,
  received: [],
  open: false,
}));
let over = false;

/** Opens a stream, and another one whenever it ends, from the last id, after the time that it was asked to wait. */
function open(client, again) {
  if (over) return;
  let text = '';
  const headers = { authorization: `Bearer ${client.token}`, accept: 'text/event-stream' };
  if (client.cursor !== undefined) headers['last-event-id'] = client.cursor;
  const call = request(
    { port: balancer.address().port, path: '/streams?scope=player:me&scope=global', headers, agent: false },
    (response) => {
      response.setEncoding('utf8').on('data', (chunk) => {
        const frames = (text + chunk).split('\n\n');
        text = frames.pop();
        for (const frame of frames) take(client, frame, again);
      });
    },
  );
  let ended = false;
  const end = () => {
    if (ended) return;
    ended = true;
    client.open = false;
    setTimeout(() => open(client, true), client.retryMs);
  };
  call.on('error', end).on('close', end).end();
}

function take(client, frame, again) {
  const field = (name) => new RegExp(`^${name}: (.*)$`, 'm').exec(frame)?.[1];
  client.cursor = field('id') ?? client.cursor;
  client.retryMs = Number(field('retry') ?? client.retryMs);
  if (field('event') === 'stream-open') {
    client.open = true;
    if (again) openings.push(performance.now());
  }
  if (field('event') === 'announcement') client.received.push(JSON.parse(field('data')).title);
}

async function publish() {
  const title = String(titles.length);
  const event = { type: 'ANNOUNCEMENT', data: { title, message: 'm' }, idempotencyKey: title };
  for (;;) {
    const response = await fetch(`http://127.0.0.1:${balancer.address().port}/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${service}`, 'content-type': 'application/json' },
      body: JSON.stringify(event),
    }).catch(() => undefined);
    await response?.arrayBuffer().catch(() => {});
    if (response?.ok) break;
  }
  titles.push(title);
}

const allOpen = async () => {
  const until = performance.now() + 60_000;
  while (performance.now() < until && !clients.every(({ open }) => open)) await sleep(50);
};

try {
  for (const [index, client] of clients.entries()) {
    open(client, false);
    if (index % 50 === 49) await sleep(50);
  }
  await allOpen();
  const publishing = (async () => {
    while (!over) {
      await publish();
      await sleep(100);
    }
  })();
  console.log(
    `${count} streams on three nodes; drain ${drainMs} ms, streams closed over the last ${spreadMs} ms`,
  );
  for (const node of nodes) {
    openings = [];
    await node.stop();
    await allOpen();
    nodes = [...nodes.filter((other) => other !== node), await start()];
    while (!ready.includes(nodes.at(-1).port)) await sleep(50);
    const first = Math.min(...openings);
    const parts = [];
    for (const at of openings) {
      const part = Math.floor((at - first) / STEP_MS);
      parts[part] = (parts[part] ?? 0) + 1;
    }
    const share = (part) => Math.round(((parts[part] ?? 0) / openings.length) * 100);
    const row = Array.from(parts, (_, part) => share(part));
    console.log(
      `${openings.length} came back in ${((parts.length * STEP_MS) / 1_000).toFixed(1)} s; % per 0.2 s: ${row.join(' ')}; at most ${Math.max(...row)} %`,
    );
  }
  over = true;
  await publishing;
  await sleep(1_000);
  const wrong = clients.filter(({ received }) => received.join() !== titles.join());
  console.log(
    `${titles.length} events published; ${wrong.length} of ${count} clients got anything but these, in order, once`,
  );
  process.exitCode = wrong.length === 0 ? 0 : 1;
} finally {
  over = true;
  checking = false;
  await checks;
  for (const socket of sockets) socket.destroy();
  balancer.close();
  await Promise.all(nodes.map((node) => node.stop()));
  await database.close();
  await mariadb.stop();
  await rm(directory, { recursive: true, force: true, maxRetries: 10 });
}

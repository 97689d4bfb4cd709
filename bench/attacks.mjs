// What a neighbour notices while one client tries to stop the service: latency of /health and of another account, memory.
//   npm run build && node bench/attacks.mjs [name…]
// Every attack is bounded in count and time and goes to loopback alone. Starts the built service on an embedded database
// of its own.
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { mintPlatformToken } from '../dist/auth/mint.js';
import { openDatabase } from '../dist/db/database.js';
import { startEmbeddedDatabase } from '../dist/db/embedded/embedded-database.js';
import { lockName } from '../dist/db/named-lock.js';
import { migrate } from '../dist/migrate/migrate.js';
import { startService } from './server-process.mjs';

const SECRET = 'bench-bench-bench-bench-bench';
const PIPELINED = 2_000;
const BODY_BYTES = 3_800_000;
/** Time given to the service after an attack, before its memory is read again, ms. */
const SETTLE_MS = 5_000;

const directory = await mkdtemp(join(tmpdir(), 'live-attacks-'));
const server = await startEmbeddedDatabase({ directory });
const database = openDatabase({ url: server.url });
let tokens;
let base;

const ATTACKS = {
  'pipelined bundle': () => pipeline('/docs/swagger-ui-bundle.js', 1, 10_000),
  'pipelined description': () => pipeline('/openapi.json', 10, 10_000),
  'pipelined 401s': () => pipeline('/notifications', 10, 10_000),
  'unknown keys': unknownKeys,
  'unfinished bodies': unfinishedBodies,
  'one account': oneAccount,
};

try {
  await migrate(database);
  tokens = await Promise.all(['attacker', 'neighbour'].map(createAccount));
  const chosen = process.argv.slice(2);
  for (const [name, attack] of Object.entries(ATTACKS))
    if (chosen.length === 0 || chosen.includes(name)) await run(name, attack);
} finally {
  await database.close();
  await server.stop();
  await rm(directory, { recursive: true, force: true });
}

async function run(name, attack) {
  const service = await startService({ DATABASE_URL: server.url, JWT_SECRET: SECRET, LOG_LEVEL: 'info' });
  try {
    base = { port: service.port, host: '127.0.0.1' };
    await until(async () => (await holder()) !== null);
    await ask('/ready');
    const leader = await holder();
    const before = rssOf(service.pid).now;
    const watch = watchNeighbours();
    const outcome = await attack();
    const neighbours = await watch.stop();
    const { peak } = rssOf(service.pid);
    await sleep(SETTLE_MS);
    const report = {
      attack: name,
      outcome,
      ...neighbours,
      rssMb: { before, peak, after: rssOf(service.pid).now },
      leadership: (await holder()) === leader ? 'kept' : 'lost',
    };
    process.stdout.write(`${JSON.stringify(report)}\n`);
  } finally {
    await service.stop();
  }
}

async function createAccount(name) {
  const { insertId } = await database.execute(
    "INSERT INTO users (name, email, password, role) VALUES (?, ?, '-', 'PLAYER')",
    [name, `${name}@bench.example`],
  );
  await database.execute(
    "INSERT INTO player (user_id, xp, level, tier, sub_rank) VALUES (?, 0, 1, 'BRONZE', 'Bronze I')",
    [insertId],
  );
  return `Bearer ${await mintPlatformToken(SECRET, insertId)}`;
}

/** The connection that holds the leadership's lock; null while none does. */
async function holder() {
  const [row] = await database.query('SELECT IS_USED_LOCK(?) AS id', [lockName(database.name, 'duties')]);
  return row.id;
}

async function until(condition) {
  for (let tries = 0; tries < 300; tries += 1) {
    if (await condition()) return;
    await sleep(100);
  }
  throw new Error('the service took too long');
}

/** Asks once, on a connection of its own. Resolves with status, size and duration; status 0: no answer. */
function ask(path, { headers = {}, method = 'GET', body, agent = false, timeoutMs = 30_000 } = {}) {
  const from = performance.now();
  return new Promise((resolve) => {
    const done = (status, bytes) => resolve({ status, bytes, ms: performance.now() - from });
    const asked = request({ ...base, path, method, headers, agent, timeout: timeoutMs }, (answer) => {
      let bytes = 0;
      answer.on('data', (chunk) => {
        bytes += chunk.length;
      });
      answer.on('end', () => done(answer.statusCode, bytes));
      answer.on('error', () => done(0, bytes));
    });
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => done(0, 0));
    asked.end(body);
  });
}

function watchNeighbours() {
  let over = false;
  const watched = {
    health: ['/health', {}],
    ready: ['/ready', {}],
    neighbour: ['/notifications', { authorization: tokens[1] }],
  };
  const loops = Object.entries(watched).map(async ([name, [path, headers]]) => {
    const times = [];
    let refused = 0;
    while (!over) {
      const { status, ms } = await ask(path, { headers });
      times.push(ms);
      if (status !== 200) refused += 1;
      await sleep(50);
    }
    times.sort((a, b) => a - b);
    const at = (share) => Math.round(times[Math.min(times.length - 1, Math.floor(times.length * share))]);
    return [name, { count: times.length, p50: at(0.5), p99: at(0.99), max: at(1), refused }];
  });
  return {
    async stop() {
      await sleep(500);
      over = true;
      return Object.fromEntries(await Promise.all(loops));
    },
  };
}

/** Resident memory of a process, MB. */
function rssOf(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const mb = (field) => Math.round(Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)[1]) / 1024);
  return { now: mb('VmRSS'), peak: mb('VmHWM') };
}

/** Connections that send many requests at once and read nothing. */
async function pipeline(path, connections, holdMs) {
  const bytes = `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(PIPELINED);
  let closed = 0;
  const sockets = Array.from({ length: connections }, () => {
    const socket = connect(base.port, base.host);
    socket.pause();
    socket.on('error', () => {});
    socket.on('close', () => {
      closed += 1;
    });
    socket.write(bytes);
    return socket;
  });
  await sleep(holdMs);
  const outcome = `${connections} × ${PIPELINED} requests, ${closed} connections closed by the service`;
  for (const socket of sockets) socket.destroy();
  return outcome;
}

/** One tokenless body of unknown keys. */
async function unknownKeys() {
  const keys = [];
  for (let at = 0, size = 2; size < BODY_BYTES; at += 1, size += keys.at(-1).length + 1)
    keys.push(`"k${at}":1`);
  const body = `{${keys.join(',')}}`;
  const headers = { 'content-type': 'application/json', 'content-length': body.length };
  const { status, bytes, ms } = await ask('/tickets', { method: 'POST', headers, body });
  return `${(body.length / 1e6).toFixed(1)} MB answered ${status} with ${bytes} bytes after ${Math.round(ms)} ms`;
}

/** A hundred bodies that lack their last byte. */
async function unfinishedBodies() {
  const body = Buffer.alloc(4_190_000, 0x20);
  const head = `POST /tickets HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length + 1}\r\n\r\n`;
  let closed = 0;
  const sockets = Array.from({ length: 100 }, () => {
    const socket = connect(base.port, base.host);
    socket.on('error', () => {});
    socket.on('data', () => {});
    socket.on('close', () => {
      closed += 1;
    });
    socket.write(head);
    socket.write(body);
    return socket;
  });
  await sleep(10_000);
  for (const socket of sockets) socket.destroy();
  return `100 bodies of 4.2 MB without their last byte, ${closed} connections closed by the service`;
}

/** Two hundred parallel requests of one account for ten seconds. */
async function oneAccount() {
  const agent = new Agent({ keepAlive: true, maxSockets: 200 });
  const statuses = {};
  const end = performance.now() + 10_000;
  await Promise.all(
    Array.from({ length: 200 }, async () => {
      while (performance.now() < end) {
        const { status } = await ask('/notifications', { headers: { authorization: tokens[0] }, agent });
        statuses[status] = (statuses[status] ?? 0) + 1;
        // A client that obeys no Retry-After, but does not spin either.
        if (status !== 200) await sleep(20);
      }
    }),
  );
  agent.destroy();
  return { statuses };
}

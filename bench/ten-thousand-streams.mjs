// 10,000 streams on one process: opened, idle, written to, closed; and what is left of the memory afterwards.
//   npm run build && node bench/ten-thousand-streams.mjs [streams]
// Starts the built service as a child on an embedded database of its own. Bounded: it stops by itself.
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deriveKeys } from '../dist/auth/keys.js';
import { mintServiceToken } from '../dist/auth/mint.js';
import { cpuOf, residentOf } from './process-usage.mjs';
import { startService } from './server-process.mjs';

const STREAMS = Number(process.argv[2] ?? 10_000);
const ROUNDS = 200;
const BATCH = 50;

const SECRET = 'bench-bench-bench-bench-bench';

const directory = await mkdtemp(join(tmpdir(), 'live-bench-'));
// Collected often, so that what is in use is told from what was not collected yet.
const flags = ['--expose-gc', '--import', 'data:text/javascript,setInterval(gc, 1000).unref()'];
const service = await startService(
  {
    DATA_DIR: directory,
    JWT_SECRET: SECRET,
    DEMO: 'on',
    DEMO_INTERVAL_MS: '86400000',
    MAX_STREAMS_PER_PLAYER: '1000000',
    MAX_REQUESTS_PER_USER: '10000',
    MAX_REQUESTS_PER_SECOND: '0',
  },
  flags,
);
const { port } = service;
const rss = () => residentOf(service.pid) / 1024;
const used = async () => {
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const value = (name) => Number(new RegExp(`^${name} ([0-9.e+]+)`, 'm').exec(metrics)[1]);
  return (value('nodejs_heap_size_used_bytes') + value('nodejs_external_memory_bytes')) / 1024 / 1024;
};
const cpu = () => cpuOf(service.pid);
const health = async () => (await (await fetch(`http://127.0.0.1:${port}/health`)).json()).streams;
const until = async (count) => {
  const patience = Date.now() + 60_000;
  while ((await health()) !== count) {
    if (Date.now() > patience) throw new Error(`never came to ${count} streams`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

try {
  const { players } = await (await fetch(`http://127.0.0.1:${port}/demo/players`)).json();
  const { token } = await (
    await fetch(`http://127.0.0.1:${port}/demo/tokens`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ playerId: players[0].playerId }),
    })
  ).json();
  const publisher = await mintServiceToken(deriveKeys({ secret: SECRET }).service, 'bench');
  const request = `GET /streams/global HTTP/1.1\r\nHost: b\r\nAuthorization: Bearer ${token}\r\n\r\n`;

  const before = rss();
  const usedBefore = await used();
  const sockets = [];
  let received = 0;
  let started = performance.now();
  for (let at = 0; at < STREAMS; at += 200) {
    await Promise.all(
      Array.from({ length: Math.min(200, STREAMS - at) }, async () => {
        const socket = connect(port, '127.0.0.1');
        sockets.push(socket);
        await once(socket, 'connect');
        socket.on('data', (chunk) => {
          received += chunk.length;
        });
        socket.write(request);
      }),
    );
  }
  await until(STREAMS);
  console.log(`opened ${STREAMS} streams in ${((performance.now() - started) / 1000).toFixed(1)} s`);
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  const open = rss();
  console.log(
    `memory before ${before.toFixed(0)} MiB, open ${open.toFixed(0)} MiB: ${(((open - before) * 1024) / STREAMS).toFixed(1)} KiB a stream`,
  );

  const event = { type: 'ANNOUNCEMENT', data: { title: 'bench', message: 'x'.repeat(60) } };
  const baseline = received;
  const cpuBefore = cpu();
  started = performance.now();
  for (let round = 0; round < ROUNDS; round++) {
    const response = await fetch(`http://127.0.0.1:${port}/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${publisher}`, 'content-type': 'application/json' },
      body: JSON.stringify(Array.from({ length: BATCH }, () => event)),
    });
    if (response.status !== 201) throw new Error(`published: ${response.status}`);
    await response.arrayBuffer();
  }
  let last = -1;
  while (received !== last) {
    last = received;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  const seconds = (performance.now() - started - 500) / 1000;
  const deliveries = ROUNDS * BATCH * STREAMS;
  console.log(
    `${deliveries / 1e6}M deliveries in ${seconds.toFixed(1)} s: ${(deliveries / seconds / 1e6).toFixed(2)}M/s, ` +
      `${(((cpu() - cpuBefore) * 1000) / deliveries).toFixed(2)} µs of CPU each, ${((received - baseline) / deliveries).toFixed(0)} bytes each`,
  );

  for (const socket of sockets) socket.destroy();
  await until(0);
  await new Promise((resolve) => setTimeout(resolve, 8_000));
  console.log(
    `after closing: in use ${(await used()).toFixed(0)} MiB (at the start ${usedBefore.toFixed(0)} MiB), resident ${rss().toFixed(0)} MiB`,
  );
} finally {
  await service.stop();
  await rm(directory, { recursive: true, force: true });
}

// CPU of one write of the same bytes to each of many sockets: through Node's streams, and by the addon that the service writes with.
//   node bench/socket-writes.mjs [sockets, default 1000] [writes to each a second, default 20]
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadNativeSend } from '../dist/stream/native-send.js';

const [count, rate] = [process.argv[2] ?? 1_000, process.argv[3] ?? 20].map(Number);
const ROUNDS = 5;
const SECONDS = 2;
/** Sockets between two turns of the event loop. */
const GROUP = 32;
const BYTES = Buffer.from(`12c\r\n${'x'.repeat(300)}\r\n`);

if (process.send) readAll(Number(process.env.BENCH_PORT));
else await compare();

/** The readers, in a process of their own. */
function readAll(port) {
  process.once('disconnect', () => process.exit());
  for (let at = 0; at < count; at++)
    connect(port, '127.0.0.1').resume().write('GET / HTTP/1.1\r\nHost: bench\r\n\r\n');
}

async function compare() {
  const native = loadNativeSend();
  if (!native) throw new Error('There is no addon for this platform.');
  const sockets = [];
  const server = createServer(({ socket }, response) => {
    response.flushHeaders();
    sockets.push(socket.setNoDelay(true));
  }).listen(0, '127.0.0.1', count);
  await once(server, 'listening');
  const env = { ...process.env, BENCH_PORT: String(server.address().port) };
  const readers = fork(import.meta.filename, process.argv.slice(2), { env });
  while (sockets.length < count) await sleep(50);
  const descriptors = new Int32Array(GROUP);
  const sent = new Int32Array(GROUP);
  const writers = {
    node: (from, to) => {
      for (let at = from; at < to; at++) sockets[at].write(BYTES);
    },
    addon: (from, to) => {
      for (let at = from; at < to; at++) descriptors[at - from] = sockets[at]._handle.fd;
      native.send(descriptors, to - from, BYTES, sent);
    },
  };
  const ratios = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const cpu = {};
    for (const [name, write] of Object.entries(writers)) cpu[name] = await measure(write);
    // The first round compiles.
    if (round === 0) continue;
    ratios.push(cpu.node / cpu.addon);
    console.log(`node ${cpu.node.toFixed(2)} µs, addon ${cpu.addon.toFixed(2)} µs a write`);
  }
  console.log(`median of ${ROUNDS} rounds: ${ratios.sort((a, b) => a - b)[ROUNDS >> 1].toFixed(2)} ×`);
  readers.disconnect();
  for (const socket of sockets) socket.destroy();
  server.close();
}

/** CPU of this process for each write, µs. */
async function measure(write) {
  const before = process.cpuUsage();
  const begunAt = performance.now();
  for (let turn = 0; turn < rate * SECONDS; turn++) {
    for (let from = 0; from < count; from += GROUP) {
      write(from, Math.min(count, from + GROUP));
      if (from % (GROUP * 8) === 0) await new Promise(setImmediate);
    }
    await sleep(Math.max(0, begunAt + ((turn + 1) * 1_000) / rate - performance.now()));
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / (count * rate * SECONDS);
}

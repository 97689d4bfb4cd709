// What shared compression of streams costs and saves: bytes on the wire and CPU of a turn, beside the same turn uncompressed, and
// the time until Chromium's EventSource has an event.
//   npm run build && node bench/compression.mjs [rounds]
// Frames, hub and sinks of the service over real sockets, without log and database, so that what differs is the encoding alone.
// Two minutes; starts processes of its own and stops by itself.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { Hub } from '../dist/channel/hub.js';
import { LiveFrame } from '../dist/channel/live-frame.js';
import { openGzipSink } from '../dist/stream/gzip-sink.js';
import { openNodeSink } from '../dist/stream/node-sink.js';

const TURNS = [
  [1_000, 1],
  [1_000, 20],
  [1_000, 5_000],
  [10_000, 1],
  [10_000, 20],
  [10_000, 500],
];
const ENCODINGS = ['identity', 'gzip'];
const OPENED_TOGETHER = 100;

/** Solves of a contest as the log has them, 260 to 300 bytes each on the wire. */
function solves(from, count) {
  return Array.from({ length: count }, (_, index) => {
    const id = from + index;
    const playerId = 1 + ((id * 7_919) % 10_000);
    const problemId = 1 + ((id * 31) % 12);
    const row = {
      id,
      eventId: id,
      scope: 'contest:3',
      type: 'PROBLEM_SOLVED',
      playerId,
      title: 'Problem solved',
      message: `Player ${playerId} solved Problem ${problemId}`,
      data: JSON.stringify({ playerId, problemId, contestId: 3, points: 100 + ((id * 13) % 400) }),
      at: 1_790_000_000_000 + id * 137,
    };
    return new LiveFrame(row, 'k7f2');
  });
}

/** Child: streams over a hub. Answers each message with the CPU of the turn, µs, once every stream was written to. */
function serve() {
  const hub = new Hub(0);
  const allowed = process.argv[3];
  const server = createServer((incoming, outgoing) => {
    const gzip = incoming.headers['accept-encoding']?.includes('gzip') && allowed === 'gzip';
    const headers = new Headers({ 'content-type': 'text/event-stream', 'access-control-allow-origin': '*' });
    if (gzip) headers.set('content-encoding', 'gzip');
    const sink = openNodeSink(incoming, outgoing, headers);
    const stream = gzip ? openGzipSink(sink) : sink;
    const listener = {
      scopes: ['contest:3'],
      filter: undefined,
      position: hub.position,
      deliver: (batch) => stream.write(batch),
    };
    hub.join(listener);
    sink.onClose(() => hub.leave(listener));
  }).listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
  process.on('message', async ({ events }) => {
    const frames = solves(hub.position + 1, events);
    for (const frame of frames) frame.plain;
    const before = process.cpuUsage();
    hub.accept(frames);
    await hub.drained();
    const { user, system } = process.cpuUsage(before);
    process.send({ us: user + system });
  });
}

/** Child: so many streams, of which it reads what comes and counts it. Answers each message with the bytes since the last one. */
async function read() {
  const [port, encoding, count] = process.argv.slice(3);
  const space = Buffer.allocUnsafeSlow(1 << 18);
  let bytes = 0;
  for (let at = 0; at < Number(count); at += OPENED_TOGETHER)
    await Promise.all(
      Array.from({ length: Math.min(OPENED_TOGETHER, Number(count) - at) }, (_, index) => {
        const socket = connect({
          port: Number(port),
          host: '127.0.0.1',
          localAddress: `127.0.0.${2 + ((at + index) % 8)}`,
          onread: {
            buffer: space,
            callback: (length) => {
              bytes += length;
              return true;
            },
          },
        });
        socket.write(`GET / HTTP/1.1\r\nHost: b\r\nAccept-Encoding: ${encoding}\r\n\r\n`);
        socket.on('error', () => {});
        return once(socket, 'connect');
      }),
    );
  const still = async () => {
    for (let last = -1; last !== bytes; ) {
      last = bytes;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  };
  await still();
  process.on('message', async () => {
    await still();
    process.send({ bytes });
  });
  process.send('open');
}

async function answer(child, message) {
  const answered = once(child, 'message');
  if (message) child.send(message);
  return (await answered)[0];
}

const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

async function measure(streams, turns, rounds) {
  const found = new Map();
  for (const encoding of ENCODINGS) {
    const server = fork(import.meta.filename, ['serve', encoding]);
    const { port } = await answer(server);
    const readers = fork(import.meta.filename, ['read', port, encoding, streams]);
    await answer(readers);
    let { bytes } = await answer(readers, {});
    for (const events of turns) {
      const [us, perStream] = [[], []];
      for (let round = 0; round < (events > 100 ? 3 : rounds); round++) {
        us.push((await answer(server, { events })).us);
        const read = (await answer(readers, {})).bytes;
        perStream.push((read - bytes) / streams);
        bytes = read;
      }
      found.set(`${events}/${encoding}`, { us: median(us), bytes: median(perStream) });
    }
    for (const child of [readers, server]) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  }
  return found;
}

async function latencyInChromium(encoding, events) {
  const { chromium } = await import('playwright-core');
  const server = fork(import.meta.filename, ['serve', encoding]);
  const { port } = await answer(server);
  const readers = fork(import.meta.filename, ['read', port, encoding, 20]);
  await answer(readers);
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  });
  try {
    const page = await browser.newPage();
    await page.evaluate((url) => {
      window.arrived = [];
      const source = new EventSource(url);
      source.addEventListener('problem-solved', () => window.arrived.push(Date.now()));
      return new Promise((resolve) => source.addEventListener('open', resolve));
    }, `http://127.0.0.1:${port}/`);
    const took = [];
    for (let round = 1; round <= 30; round++) {
      const at = Date.now();
      await answer(server, { events });
      await page.waitForFunction((count) => window.arrived.length >= count, round * events, { polling: 5 });
      took.push((await page.evaluate(() => window.arrived.at(-1))) - at);
    }
    return median(took);
  } finally {
    await browser.close();
    for (const child of [readers, server]) child.kill('SIGKILL');
  }
}

async function main() {
  const rounds = Number(process.argv[2] ?? 15);
  console.log(
    '| streams | events a turn | bytes a stream | compressed | CPU of the turn, ms | compressed | |',
  );
  console.log('| --- | --- | --- | --- | --- | --- | --- |');
  for (const streams of new Set(TURNS.map(([count]) => count))) {
    const turns = TURNS.filter(([count]) => count === streams).map(([, events]) => events);
    const found = await measure(streams, turns, rounds);
    for (const events of turns) {
      const [plain, gzip] = ENCODINGS.map((encoding) => found.get(`${events}/${encoding}`));
      const ms = (us) => (us / 1_000).toFixed(1);
      console.log(
        `| ${streams} | ${events} | ${plain.bytes.toFixed(0)} | ${gzip.bytes.toFixed(0)} | ${ms(plain.us)} | ${ms(gzip.us)} | bytes × ${(gzip.bytes / plain.bytes).toFixed(2)}, CPU × ${(gzip.us / plain.us).toFixed(2)} |`,
      );
    }
  }
  for (const events of [1, 100]) {
    const [plain, gzip] = [
      await latencyInChromium('identity', events),
      await latencyInChromium('gzip', events),
    ];
    console.log(
      `Chromium has the last of ${events} events of a turn after ${plain} ms, compressed after ${gzip} ms (medians of 30).`,
    );
  }
}

if (process.argv[2] === 'serve') serve();
else if (process.argv[2] === 'read') await read();
else await main();

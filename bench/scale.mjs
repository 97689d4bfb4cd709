// What many streams over several nodes on one database cost: points, a straight line through them, and what the lines say of more.
//   npm run build && node bench/scale.mjs [--streams 10000,20000,40000,60000] [--minutes 8] [--parts nodes,streams]
// Idle and paced cost of nodes and database against streams, over four nodes with Redis; and the database's reads for each event with
// one, two and four nodes, with Redis and by polling, as rows that are read of the log's table. Counts and CPU time, so that other work beside it changes little. Needs a C
// compiler and `redis-server`; a process holds as many streams as it may have descriptors. Prints Markdown. Ends within the minutes:
// where opening is slow, it leaves out the largest counts.
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openDatabase } from '../dist/db/database.js';
import { startEmbeddedDatabase } from '../dist/db/embedded/embedded-database.js';
import { buildLoad, startLoad } from './compare/load-client.mjs';
import { busyCores, describeMachine } from './compare/machine.mjs';
import { prepareService } from './compare/service.mjs';
import { startRedis } from './redis-process.mjs';
import { fitLine } from './scale/linear.mjs';
import { startNodes } from './scale/nodes.mjs';

const { values: options } = parseArgs({
  options: {
    streams: { type: 'string', default: '10000,20000,40000,60000' },
    minutes: { type: 'string', default: '8' },
    parts: { type: 'string', default: 'nodes,streams' },
  },
});
const COUNTS = options.streams.split(',').map(Number);
const NODES = 4;
/** Time until leases, presence and openings are at rest, ms. */
const REST_MS = 5_000;
/** Time for which cost is read, s. */
const IDLE_S = 8;
const PACED_S = 6;
/** Deliveries a second, whatever the number of streams. */
const DELIVERIES = 40_000;
/** Events a second while reads are counted. */
const EVENTS_PER_SECOND = 50;
/** Streams that are opened at the same time, of each node. */
const WINDOW = 25;
/** Seconds in which all that was published has arrived. */
const ARRIVAL_ATTEMPTS = 30;
/** Left for closing everything, ms. */
const CLOSING_MS = 15_000;
const deadline = performance.now() + Number(options.minutes) * 60_000 - CLOSING_MS;

const directory = await mkdtemp(join(tmpdir(), 'live-bench-'));
const busy = await busyCores();
const programs = await buildLoad(directory);
const service = await prepareService(directory);
const mariadb = await startEmbeddedDatabase({ directory: service.data, log: () => {} });
const database = openDatabase({ url: mariadb.url });
const redis = await startRedis(directory);
const databasePid = JSON.parse(readFileSync(join(service.data, 'mariadb/server.json'), 'utf8')).pid;
const shared = { databaseUrl: mariadb.url, databasePid, read: (query) => database.query(query) };

try {
  const machine = await describeMachine([busy]);
  console.log(
    `${machine.cores} cores, Node ${machine.node}, MariaDB ${machine.mariadb}; ${machine.busyCores.toFixed(1)} cores busy with other work at the start.\n`,
  );
  // Counts the rows that are read of each table.
  await database.execute('SET GLOBAL userstat = 1');
  const parts = options.parts.split(',');
  if (parts.includes('nodes')) printReads(await measureNodes());
  if (parts.includes('streams')) printModel(await measureStreams());
} finally {
  await database.close();
  await redis.stop();
  await mariadb.stop();
  await rm(directory, { recursive: true, force: true, maxRetries: 10 });
}

function row(...cells) {
  console.log(`| ${cells.join(' | ')} |`);
}

/** A client of one node; `first`: the user of its first stream. */
function startClient(port, first = 0) {
  const tokens = service.target.tokens.trimEnd().split('\n');
  const at = first % tokens.length;
  const turned = [...tokens.slice(at), ...tokens.slice(0, at)];
  return startLoad(programs.client, directory, { ...service.target, port, tokens: `${turned.join('\n')}\n` });
}

/** One stream on each node: the cost of nodes at rest, and the reads of an event. */
async function measureNodes() {
  row(
    'nodes',
    'between them',
    'CPU at rest, % of a core a node',
    'queries/s at rest, a node',
    'rows of the log read, an event',
    'queries an event',
    'rows that other nodes were sent',
  );
  row('---', '---', '---', '---', '---', '---', '---');
  const found = [];
  for (const count of [1, 2, 4])
    for (const mode of ['Redis', 'poll']) {
      const nodes = await startNodes(count, {
        ...shared,
        redisUrl: mode === 'Redis' ? redis.url : undefined,
      });
      const clients = [];
      try {
        for (const port of nodes.ports) {
          const client = await startClient(port, clients.length);
          clients.push(client);
          await openAll(client, 1);
        }
        await clients[0].command('paced rate=20 seconds=1');
        await sleep(REST_MS);
        const idle = await nodes.during(() => sleep(PACED_S * 1_000));
        const paced = await nodes.during(() =>
          clients[0].command(`paced rate=${EVENTS_PER_SECOND} seconds=${PACED_S}`),
        );
        const { events } = paced.outcome;
        const perEvent = (key) => (paced[key] - (idle[key] / idle.seconds) * paced.seconds) / events;
        const point = {
          count,
          mode,
          cpu: idle.cpuMs / idle.seconds / 10 / count,
          queries: idle.queries / idle.seconds / count,
          rowsPerEvent: perEvent('logRows'),
          queriesPerEvent: perEvent('queries'),
          sentPart: mode === 'Redis' && count > 1 ? paced.rowsSent / events / (count - 1) : undefined,
        };
        found.push(point);
        row(
          count,
          mode,
          point.cpu.toFixed(1),
          point.queries.toFixed(1),
          point.rowsPerEvent.toFixed(2),
          point.queriesPerEvent.toFixed(2),
          point.sentPart === undefined ? '' : `${(point.sentPart * 100).toFixed(0)} %`,
        );
      } finally {
        for (const client of clients) await client.close();
        await nodes.stop();
      }
    }
  return found;
}

/** More and more streams over the same nodes. */
async function measureStreams() {
  console.log(
    `\n${NODES} nodes with Redis; paced: ${DELIVERIES.toLocaleString('en')} deliveries a second in total, whatever the streams.\n`,
  );
  row(
    'streams',
    'opened/s',
    'nodes at rest, ms/s',
    'database at rest, ms/s',
    'queries/s at rest',
    'memory of the nodes, MiB',
    'paced, ms/s',
    'CPU a delivery, µs',
  );
  row('---', '---', '---', '---', '---', '---', '---', '---');
  const nodes = await startNodes(NODES, { ...shared, redisUrl: redis.url });
  const clients = [];
  const points = [];
  let perStreamMs = 1;
  try {
    for (const streams of [0, ...COUNTS]) {
      const open = points.at(-1)?.streams ?? 0;
      const needed = (streams - open) * perStreamMs + REST_MS + (IDLE_S + PACED_S) * 1_000 + 3_000;
      if (performance.now() + needed > deadline) {
        console.log(`\n${streams} streams are left out: opening takes longer than the time allows.`);
        break;
      }
      const at = performance.now();
      if (streams > open)
        await Promise.all(
          nodes.ports.map(async (port, index) => {
            const count = (streams - open) / NODES;
            const client = await startClient(port, open + index * count);
            clients.push({ client, count, first: index === 0 });
            await openAll(client, count);
          }),
        );
      const openedMs = performance.now() - at;
      if (streams > open) perStreamMs = openedMs / (streams - open);
      await sleep(REST_MS);
      const memory = await nodes.resident();
      const idle = await nodes.during(() => sleep(IDLE_S * 1_000));
      const point = {
        streams,
        cpu: idle.cpuMs / idle.seconds,
        databaseCpu: idle.databaseCpuMs / idle.seconds,
        queries: idle.queries / idle.seconds,
        memory: memory / 1_024,
      };
      if (streams > 0) Object.assign(point, await paced(nodes, clients, streams));
      points.push(point);
      row(
        streams,
        streams > open ? (1_000 / perStreamMs).toFixed(0) : '',
        point.cpu.toFixed(0),
        point.databaseCpu.toFixed(0),
        point.queries.toFixed(0),
        point.memory.toFixed(0),
        point.pacedCpu?.toFixed(0) ?? '',
        point.perDelivery?.toFixed(2) ?? '',
      );
    }
    return points;
  } finally {
    for (const { client } of clients) await client.close();
    await nodes.stop();
  }
}

/** Publishes at one node while all streams read, and checks that every stream was sent the same. */
async function paced(nodes, clients, streams) {
  const rate = DELIVERIES / streams;
  const publisher = clients.find(({ first }) => first);
  const { outcome, cpuMs, seconds } = await nodes.during(() =>
    publisher.client.command(`paced rate=${rate} seconds=${PACED_S}`),
  );
  for (const { client, count } of clients) await assertSame(client, count);
  return { pacedCpu: cpuMs / seconds, perDelivery: (cpuMs * 1_000) / (outcome.events * streams) };
}

/** @throws unless all streams are open and were sent the same events, once what is on its way has arrived */
async function assertSame(client, count) {
  for (let attempt = 1; ; attempt++) {
    const state = await client.command(`open ${count}`);
    if (state.open === count && state.differing === 0 && state.broken === 0) return;
    if (attempt === ARRIVAL_ATTEMPTS)
      throw new Error(`${count - state.open} streams ended, ${state.differing} differ: ${state.failure}`);
    await client.command('wait 1');
  }
}

/** Opens streams; those that are refused in a rush try again. */
async function openAll(client, count) {
  for (let attempt = 0; attempt < 20; attempt++) {
    const { open } = await client.command(`open ${count} window=${WINDOW} timeout=300`);
    if (open === count) return;
    await sleep(500);
  }
  throw new Error(`${count} streams did not open`);
}

function printModel(points) {
  const lines = [
    ['CPU of the nodes at rest, ms/s', 'cpu'],
    ['CPU of the database at rest, ms/s', 'databaseCpu'],
    ['queries/s at rest', 'queries'],
    ['memory of the nodes, MiB', 'memory'],
    ['CPU a delivery, µs', 'perDelivery'],
  ];
  console.log(`\nLeast squares over the points above, which stand beside in brackets.\n`);
  row('', 'without streams', 'for 1,000 streams', ...points.map(({ streams }) => `at ${streams} streams`));
  row('---', '---', '---', ...points.map(() => '---'));
  for (const [name, key] of lines) {
    const known = points.filter((point) => point[key] !== undefined);
    const line = fitLine(known.map((point) => [point.streams, point[key]]));
    if (!line) continue;
    const digits = key === 'perDelivery' ? 2 : 0;
    row(
      name,
      line.base.toFixed(2),
      (line.slope * 1_000).toFixed(3),
      ...points.map((point) =>
        point[key] === undefined
          ? ''
          : `${line.at(point.streams).toFixed(digits)} (${point[key].toFixed(digits)})`,
      ),
    );
  }
}

function printReads(nodes) {
  for (const mode of ['Redis', 'poll']) {
    const of = nodes.filter((point) => point.mode === mode);
    const line = fitLine(of.map(({ count, rowsPerEvent }) => [count, rowsPerEvent]));
    console.log(
      `\nRows of the log that are read for an event, with ${mode}: ${line.base.toFixed(2)} + ${line.slope.toFixed(2)} for each node.`,
    );
  }
}

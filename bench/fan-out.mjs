// One event to all streams of a scope: our service beside what else sends events from Node, measured in turns.
//   npm run build && node bench/fan-out.mjs [streams] [rounds] [parts of the peers' names, comma-separated]
// In each round every contender is started anew, given its streams, and measured: (1) the memory of its idle streams, (2)
// deliveries as fast as it goes, (3) the time from publishing to arriving at a modest rate. Whoever else uses the machine
// disturbs all alike; each ratio is taken within a round. It stops by itself: after three minutes with 1,000
// streams, and some ten with 10,000.
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { CONTEST, openContenders } from './contenders.mjs';
import { cpuOf, residentOf } from './process-usage.mjs';
import { MARK, Readers } from './readers.mjs';

const STREAMS = Number(process.argv[2] ?? 1_000);
const ROUNDS = Number(process.argv[3] ?? 3);
const ONLY = process.argv[4]?.split(',');

const SATURATED_MS = 2_000;
/** A request of (2) holds so many events, and so many requests are under way: the same for all. */
const REQUEST_EVENTS = Math.max(1, Math.min(1_000, Math.round(50_000 / STREAMS)));
const UNDER_WAY = 4;
/** Events a second of (3): less where there are so many streams that most contenders could not keep up. */
const RATE = Math.max(1, Math.min(20, Math.floor(50_000 / STREAMS)));
const CALM_EVENTS = RATE * 4;
/** Who is so late with the last of them has not kept up, in ms. */
const LATE_MS = 1_000;
/** How long anything may take, in ms. */
const PATIENCE_MS = 120_000;

const median = (values) => quantile(values, 0.5);
const quantile = (values, part) => {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
};

const { contenders, close } = await openContenders();
const [first] = contenders;
const compared = ONLY
  ? contenders.filter((one) => one === first || ONLY.some((part) => one.name.includes(part)))
  : contenders;
const results = new Map(compared.map(({ name }) => [name, []]));
let running;
let stopping = false;
for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, async () => {
    stopping = true;
    await running?.stop();
    await close();
    process.exit(130);
  });
try {
  for (let round = 1; round <= ROUNDS; round++) {
    for (const contender of compared) {
      if (stopping) break;
      const outcome = await measure(contender).catch((error) => ({ failed: error.message }));
      results.get(contender.name).push(outcome);
      console.log(`round ${round}  ${contender.name.padEnd(15)}  ${inShort(outcome)}`);
      if (outcome.failed) process.exitCode = 1;
    }
  }
} finally {
  await close();
}
if (!stopping) print();

async function measure(contender) {
  const server = await contender.start();
  running = server;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const readers = new Readers(STREAMS);
  const target = { server, agent, readers, published: 0 };
  try {
    await warmUp(target);
    await collect(server);
    const before = residentOf(server.pid);
    await readers.open(server.port, server.hello, (count) => untilOpen(target, count));
    await sleep(1_000);
    await collect(server);
    const kib = (residentOf(server.pid) - before) / STREAMS;
    const saturated = await saturate(target);
    const calm = await timeArrivals(target);
    return { kib, ...saturated, ...calm };
  } finally {
    agent.destroy();
    readers.close();
    await server.stop();
  }
}

/** Opens some streams and closes them, so that code and caches that come with the first are not counted as theirs. */
async function warmUp(target) {
  const some = Math.min(STREAMS, 100);
  const first = new Readers(some);
  try {
    await first.open(target.server.port, target.server.hello, (count) => untilOpen(target, count));
  } finally {
    first.close();
  }
  await untilOpen(target, 0);
}

/** Deliveries as fast as it goes, and what they cost. */
async function saturate(target) {
  const { server, readers } = target;
  for (const events of [1, 1, 1, REQUEST_EVENTS]) {
    await publish(target, events);
    await readers.until(target.published * STREAMS, PATIENCE_MS);
  }
  readers.assertEach(target.published);

  const bytes = readers.bytes;
  const began = performance.now();
  const cpuBefore = server.pids.map(cpuOf);
  const ownBefore = process.cpuUsage();
  const answers = [];
  let requests = 0;
  for (; performance.now() - began < SATURATED_MS || requests < UNDER_WAY; requests++) {
    await readers.until((target.published - UNDER_WAY + 1) * STREAMS, PATIENCE_MS);
    const answer = publish(target, REQUEST_EVENTS);
    answer.catch((error) => readers.fail(error));
    answers.push(answer);
  }
  await Promise.all(answers);
  await readers.until(target.published * STREAMS, PATIENCE_MS);
  const ms = performance.now() - began;
  const cpu = server.pids.map((pid, index) => cpuOf(pid) - cpuBefore[index]);
  const own = process.cpuUsage(ownBefore);
  readers.assertEach(target.published);
  const deliveries = requests * REQUEST_EVENTS * STREAMS;
  return {
    rate: (deliveries / ms) * 1_000,
    cost: (sum(cpu) * 1_000) / deliveries,
    busy: cpu[0] / ms,
    reading: (own.user + own.system) / 1_000 / ms,
    bytes: (readers.bytes - bytes) / deliveries,
  };
}

/** From the moment an event was to be published until it arrived at a stream. */
async function timeArrivals(target) {
  const { server, readers } = target;
  const first = target.published;
  const due = [];
  const delays = new Float64Array(CALM_EVENTS * STREAMS);
  let arrived = 0;
  readers.onArrival = (event, now) => {
    delays[arrived++] = now - due[event - first];
  };
  const cpuBefore = sum(server.pids.map(cpuOf));
  const answers = [];
  for (let sent = 0; sent < CALM_EVENTS; sent++) {
    const at = performance.now();
    due.push(at);
    const answer = publish(target, 1).then(() => performance.now() - at);
    answer.catch((error) => readers.fail(error));
    answers.push(answer);
    await sleep(due[0] + ((sent + 1) * 1_000) / RATE - performance.now());
  }
  const answered = quantile(await Promise.all(answers), 0.5);
  await readers.until(target.published * STREAMS, PATIENCE_MS);
  const late = performance.now() - due.at(-1) > LATE_MS;
  readers.onArrival = undefined;
  readers.assertEach(target.published);
  const cpu = sum(server.pids.map(cpuOf)) - cpuBefore;
  return {
    p50: quantile(delays, 0.5),
    p99: quantile(delays, 0.99),
    calmCost: (cpu * 1_000) / delays.length,
    late,
    answered,
  };
}

/** Publishes events in one request; the last of them is the one that the readers count. */
async function publish(target, events) {
  target.published++;
  const one = (end) => ({
    type: 'ANNOUNCEMENT',
    data: { contestId: CONTEST, title: 'bench', message: 'x'.repeat(24) + end },
  });
  const body = JSON.stringify(Array.from({ length: events }, (_, i) => one(i === events - 1 ? MARK : '..')));
  const { status, text } = await call(target, 'POST', '/events', body);
  if (status !== 201) throw new Error(`publishing was answered with ${status}: ${text.slice(0, 200)}`);
}

async function untilOpen(target, count) {
  const patience = performance.now() + PATIENCE_MS;
  for (;;) {
    const { streams } = JSON.parse((await call(target, 'GET', '/health')).text);
    if (streams === count) return;
    if (performance.now() > patience) throw new Error(`${streams} streams are open, not ${count}`);
    await sleep(10);
  }
}

/** All go over one connection, one after the other. */
async function call({ server, agent }, method, path, body) {
  const asked = request({
    agent,
    host: '127.0.0.1',
    port: server.port,
    method,
    path,
    headers: { ...server.headers, ...(body ? { 'content-type': 'application/json' } : {}) },
  });
  asked.end(body);
  const [response] = await once(asked, 'response');
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return { status: response.statusCode, text };
}

async function collect({ pid }) {
  for (let time = 0; time < 2; time++) {
    process.kill(pid, 'SIGUSR2');
    await sleep(200);
  }
}

function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}

function thousands(value) {
  return Math.round(value).toLocaleString('en');
}

function inShort(outcome) {
  if (outcome.failed) return `failed: ${outcome.failed}`;
  const { rate, cost, p50, p99, kib } = outcome;
  return (
    `${thousands(rate).padStart(9)} deliveries/s, ${cost.toFixed(2)} µs each; ` +
    `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms; ${kib.toFixed(1)} KiB idle`
  );
}

/** How much of our delay is not the streams': before that, nothing is given to any of them. */
function answeredLine(ours) {
  const times = ours.filter(({ failed }) => !failed).map(({ answered }) => answered);
  if (times.length === 0) return '';
  return ` In ours, the publisher has its answer after ${median(times).toFixed(1)} ms.`;
}

function print() {
  const [ours] = results.values();
  const rows = [
    [
      '',
      'deliveries/s',
      'ours',
      'CPU µs',
      'bytes',
      'busy',
      'p50 ms',
      'ours',
      'p99 ms',
      'ours',
      'CPU µs',
      'KiB',
    ],
  ];
  const behind = [];
  for (const [name, outcomes] of results) {
    const good = outcomes.filter((outcome) => !outcome.failed);
    if (good.length === 0) {
      rows.push([name, 'failed']);
      continue;
    }
    if (good.filter(({ late }) => late).length * 2 > good.length) behind.push(name);
    const of = (key) => median(good.map((outcome) => outcome[key]));
    // Within a round, so that what disturbs a whole round does not matter.
    const ratio = (value) => {
      const pairs = outcomes.flatMap((outcome, round) => {
        const own = ours[round];
        return outcome.failed || own.failed ? [] : [value(own, outcome)];
      });
      return pairs.length === 0 ? '' : `${median(pairs).toFixed(median(pairs) < 10 ? 2 : 0)}×`;
    };
    rows.push([
      name,
      thousands(of('rate')),
      ratio((own, other) => own.rate / other.rate),
      of('cost').toFixed(2),
      of('bytes').toFixed(0),
      `${(of('busy') * 100).toFixed(0)}/${(of('reading') * 100).toFixed(0)} %`,
      of('p50').toFixed(1),
      ratio((own, other) => own.p50 / other.p50),
      of('p99').toFixed(1),
      ratio((own, other) => own.p99 / other.p99),
      of('calmCost').toFixed(1),
      of('kib').toFixed(1),
    ]);
  }
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const line = (row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  ');
  const width = (from, to) => sum(widths.slice(from, to)) + 2 * (to - from - 1);
  const title = (text, from, to) => `  ${text.padEnd(width(from, to)).slice(0, width(from, to))}`;
  console.log(`
${thousands(STREAMS)} streams of one contest, ${availableParallelism()} cores, Node ${process.versions.node}, medians of ${ROUNDS} rounds

${''.padEnd(widths[0])}${title('as fast as it goes', 1, 6)}${title(`${RATE} events a second`, 6, 11)}${title('idle', 11, 12)}
${rows.map(line).join('\n')}
${behind.map((name) => `\n${name} did not keep up with ${RATE} events a second: its delays grow as long as that lasts.`).join('')}
deliveries/s  of one event to one stream, some 260 bytes of JSON, the same for all; ${UNDER_WAY} requests of ${REQUEST_EVENTS} events are under way.
bytes         that a delivery takes on the wire.
ours          our figure divided by theirs. Deliveries: above 1 we are faster. Milliseconds: below 1 we are.
CPU µs        of the server for each delivery; with ours all that MariaDB uses.
busy          of one core each: the server / the reading client. Near 100 % it is what limits the figure of its row.
p50, p99 ms   from publishing (POST /events) until a stream's bytes are read.${answeredLine(ours)}
KiB           resident memory that an idle stream takes, garbage collected.

Ours checks every stream's token and grants, validates each event, and has it on disk before any stream is given it (MariaDB,
synced at COMMIT). The peers check nobody, store nothing, and could resume nothing.`);
}

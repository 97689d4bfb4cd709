/**
 * `npm run faults [-- options]`: nodes, a database, publishers and streams in processes of their own, a seeded
 * schedule of faults, and a checker that knows nothing of the service's code. The exit code is 0 if all agrees.
 */
import { appendFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { check } from './checker.mjs';
import { checkTransitions, checkViewers, openViewers, showLatest, startJudge } from './contests.mjs';
import { startDatabase } from './database.mjs';
import { startDatabaseProxy } from './database-proxy.mjs';
import { checkClosedState, checkOpenState, readResources } from './end-state.mjs';
import { FAULTS, faultsOf, schedule } from './faults.mjs';
import { startIntruders } from './intruders.mjs';
import { buildMutant } from './mutants.mjs';
import { startNode } from './node.mjs';
import { seedPlatform } from './platform.mjs';
import { startProxy } from './proxy.mjs';
import { startPublishers } from './publishers.mjs';
import { createRandom } from './random.mjs';
import { openReader } from './reader.mjs';
import { startRedis } from './redis.mjs';
import { printReport, recordOf } from './report.mjs';
import { platformToken } from './tokens.mjs';

const OPTIONS = {
  seed: { type: 'string', default: '1' },
  faults: { type: 'string', default: '7' },
  nodes: { type: 'string', default: '3' },
  readers: { type: 'string', default: '100' },
  /** Streams of leaderboards beside them. */
  viewers: { type: 'string', default: '8' },
  /** basic, further, history (what takes history away), kills or all. */
  set: { type: 'string', default: 'basic' },
  /** Names of faults, separated by commas. */
  only: { type: 'string' },
  /** No fault begins later than this many minutes after the first. */
  minutes: { type: 'string', default: '20' },
  /** Publishers over REST, the max events of a request, and the share of events that go to everybody, percent. */
  publishers: { type: 'string', default: '6' },
  batch: { type: 'string', default: '4' },
  /** Pause of a publisher after each request, ms. */
  pause: { type: 'string', default: '5' },
  global: { type: 'string', default: '10' },
  mysql: { type: 'boolean', default: false },
  /** Whether the nodes are given a Redis, and faults of it are among the set `all`. */
  redis: { type: 'boolean', default: false },
  /** Size of a disk of the database's own, MB: without it, none can be filled. */
  disk: { type: 'string' },
  mutate: { type: 'string' },
  'old-dist': { type: 'string' },
  dist: { type: 'string', default: resolve(import.meta.dirname, '../../dist') },
  /** Max answered bytes after which the proxy breaks a connection: fewer cuts leave more time for events. */
  cut: { type: 'string', default: '60000' },
  /** A folder for all that the nodes log, with a file each; without it only the newest lines are kept. */
  logs: { type: 'string' },
  /** A file to which the outcome is appended as one line of JSON, for `totals.mjs`. */
  record: { type: 'string' },
  /** Max time until a new event has reached every stream, ms. */
  limit: { type: 'string', default: '120000' },
};

/** Time after the end of the last older node in which leaderboards that it published may still be shown, in ms. */
const UPGRADED_MS = 5_000;

const { values } = parseArgs({ options: OPTIONS });
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
const seed = Number(values.seed);
const limitMs = Number(values.limit);
const plan = schedule(createRandom(seed), faultsOf(values), Number(values.faults));
const random = createRandom(seed + 1);
const mutant = values.mutate && buildMutant(values.dist, values.mutate);
const dist = mutant?.dist ?? values.dist;
const database = await startDatabase({
  kind: values.mysql ? 'mysql' : 'mariadb',
  ...(values.disk ? { diskMb: Number(values.disk) } : {}),
});
const redis = values.redis ? await startRedis() : undefined;
const nodes = [];
let failed = true;
try {
  const add = async () => {
    const databaseProxy = await startDatabaseProxy(database);
    const node = await startNode({
      dist: values['old-dist'] ?? dist,
      databaseUrl: databaseProxy.url,
      redisUrl: redis?.url,
      logs: values.logs,
    });
    nodes.push(Object.assign(node, { databaseProxy }));
  };
  // The first one migrates.
  await add();
  await Promise.all(Array.from({ length: Number(values.nodes) - 1 }, add));
  const platform = await seedPlatform(database, random);
  const before = await readResources(nodes, database);
  const proxy = await startProxy(nodes, createRandom(seed + 2), Number(values.cut));
  const readers = Array.from({ length: Number(values.readers) }, () => {
    const player = random.pick(platform.players);
    const own = platform.scopesOf(player).filter(() => random.below(2) === 0);
    const scopes = [...new Set(['global', ...own])];
    return Object.assign(openReader({ url: proxy.url, token: platformToken(player.userId), scopes }), {
      player,
    });
  });
  const viewers = openViewers({
    url: proxy.url,
    platform,
    random: createRandom(seed + 5),
    count: Number(values.viewers),
  });
  const streams = [...readers, ...viewers.map(({ reader }) => reader)];
  await reached(() => streams.every((reader) => reader.openings > 0), 'all streams are open');
  const publishers = startPublishers({
    nodes,
    database,
    targets: platform.targets,
    random,
    rest: Number(values.publishers),
    sql: 2,
    batch: Number(values.batch),
    pauseMs: Number(values.pause),
    globalPercent: Number(values.global),
  });
  const intruders = startIntruders({ nodes, platform, random: createRandom(seed + 4), count: 2 });

  const judge = startJudge({ database, platform, random: createRandom(seed + 6) });

  const faultRandom = createRandom(seed + 3); // its own, since publishers draw from `random` in no fixed order
  const recoveries = new Map();
  const divergences = [];
  const pruned = new Set();
  /** Streams that a new event did not reach in time: the run ends with the first. */
  const undelivered = [];
  /** Records what a fault takes away: the position above which rows are lost, and when. */
  async function losing(act, { takes = true } = {}) {
    const connection = await database.connect();
    const [[{ head }]] = await connection.query('SELECT head FROM log_head');
    await connection.end();
    const at = Date.now();
    await act();
    divergences.push({ from: Number(head), at, until: takes ? Date.now() : at });
  }
  /** From the first node of this release until no older one runs. */
  const upgrade = { at: Number.POSITIVE_INFINITY, until: Number.NEGATIVE_INFINITY };
  const upgradeAt = values['old-dist'] ? Math.floor(plan.length / 2) : undefined;
  const lastStart = performance.now() + Number(values.minutes) * 60_000;
  for (const [index, name] of plan.entries()) {
    if (performance.now() > lastStart) break;
    await sleep(200);
    if (index === upgradeAt) {
      upgrade.at = Date.now();
      for (const node of nodes) {
        await node.terminate();
        upgrade.until = Date.now();
        node.use(dist);
        await node.start();
        await delivered(await publishers.probe());
      }
    }
    if (undelivered.length > 0) break;
    console.error(`${new Date().toISOString()} ${index + 1}. ${name}`);
    await FAULTS[name]({ nodes, database, redis, proxy, publishers, losing, pruned, random: faultRandom });
    const from = performance.now();
    await delivered(await publishers.probe());
    const taken = Math.round(performance.now() - from);
    console.error(`${new Date().toISOString()} recovered after ${taken} ms`);
    recoveries.set(name, [...(recoveries.get(name) ?? []), taken]);
  }
  await publishers.stop();
  await intruders.stop();
  await judge.stop();
  const connection = await database.connect();
  await reached(async () => {
    const [[row]] = await connection.query('SELECT COUNT(*) AS count FROM event_outbox WHERE error IS NULL');
    return Number(row.count) === 0;
  }, 'the outbox is empty');
  const last = await publishers.probe();
  await delivered(last);
  // What a run that hangs would say of its end says nothing.
  const wrongState =
    undelivered.length > 0 ? [] : await checkOpenState({ nodes, readers: streams, platform });
  const lostHistory = divergences.length > 0;
  // A leaderboard whose last change a restore took from the log is read anew with its next change.
  if (undelivered.length === 0 && !lostHistory)
    await reached(() => showLatest(judge, viewers), 'the leaderboards are shown as they are').catch((error) =>
      wrongState.push(error.message),
    );
  const wrongViews = checkViewers(judge, viewers, {
    mayGoBack: lostHistory,
    after: upgrade.until + UPGRADED_MS,
  });
  let wrongTransitions = [];
  if (undelivered.length === 0 && !lostHistory)
    await reached(async () => {
      wrongTransitions = await checkTransitions(connection, judge);
      return wrongTransitions.length === 0;
    }, 'contests have started and ended').catch(() => {});
  await Promise.all(streams.map((reader) => reader.close()));
  const [log] = await connection.query('SELECT id, scope, title, term FROM notification ORDER BY id');
  const [terms] = await connection.query('SELECT term, number, first_id FROM log_term');
  await connection.end();
  if (undelivered.length === 0)
    wrongState.push(...(await checkClosedState({ nodes, platform, database, before })));
  await proxy.close();

  const { found, noted } = check({
    log,
    terms,
    readers,
    end: last.id,
    divergences,
    upgrade,
    pruned,
    ...publishers,
    allowed: (reader, scope) => platform.mayRead(reader.player, scope),
  });
  found.leaked.push(...intruders.outcome.leaks);
  found.refused = publishers.refusals;
  found.wrongState = wrongState;
  found.wrongViews = wrongViews;
  found.wrongTransitions = wrongTransitions;
  found.undelivered = undelivered;
  const outcome = recordOf({
    ...{ values, recoveries, readers: streams, log, publishers, found, noted, divergences },
    leaderboards: viewers.reduce((sum, { views }) => sum + views.length, 0),
    transitions: judge.timed.length * 3,
    cuts: proxy.cuts(),
    intrusions: intruders.outcome.tried,
    nodeKills: nodes.reduce((sum, node) => sum + node.kills(), 0),
    databaseKills: database.kills(),
  });
  printReport(outcome, found);
  if (values.record) appendFileSync(values.record, `${JSON.stringify(outcome)}\n`);
  failed = Object.values(found).some((list) => list.length > 0);
  if (failed) for (const node of nodes) for (const line of node.resets) console.log(node.url, line);

  /** A stream whose opening said that nothing is known up to the probe has lost it, and knows it. */
  async function delivered({ title, id }) {
    const waiting = () =>
      readers.filter((reader) => !reader.probes.has(title) && !(reader.unknownThrough >= id));
    if (undelivered.length > 0) return;
    await reached(
      () => waiting().length === 0,
      `${title} (${id}) is delivered`,
      () => describeDelay(waiting()),
    ).catch((error) => {
      console.error(error.message);
      for (const { scopes, lastRow } of waiting()) undelivered.push({ title, id, scopes, lastRow });
    });
  }
} catch (error) {
  // Printed before anything is closed: what hangs may hang there, too.
  console.error(error);
} finally {
  await Promise.all(nodes.map((node) => node.kill()));
  await Promise.all(nodes.map((node) => node.databaseProxy.close()));
  await database.remove();
  mutant?.remove();
}
// Publishers and streams of a run that failed are still under way.
process.exit(failed ? 1 : 0);

async function reached(condition, what, describe = () => '') {
  for (const limit = Date.now() + limitMs; !(await condition()); await sleep(20))
    if (Date.now() > limit)
      throw new Error(`Seed ${seed}: not within ${limitMs} ms: ${what}\n${await describe()}`);
}

/** Streams that wait, and what each node says of itself. */
async function describeDelay(readers) {
  const connection = await database.connect();
  const [[head]] = await connection.query('SELECT * FROM log_head');
  const [terms] = await connection.query('SELECT * FROM log_term ORDER BY number DESC LIMIT 8');
  await connection.end();
  const lines = [`${readers.length} streams wait; ${JSON.stringify(head)}; ${JSON.stringify(terms)}`];
  for (const { scopes, openings, refusals, status, lastByteAt, lastRow } of readers.slice(0, 5)) {
    const quietMs = Date.now() - lastByteAt;
    lines.push(JSON.stringify({ scopes, openings, refusals, status, quietMs, lastRow }));
  }
  for (const node of nodes) {
    const ready = await fetch(`${node.url}/ready`, { signal: AbortSignal.timeout(3_000) })
      .then((response) => response.text())
      .catch(String);
    lines.push(`${node.url}/ready: ${ready}`, node.output().slice(-4_000));
  }
  return lines.join('\n');
}

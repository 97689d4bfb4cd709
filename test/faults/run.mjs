/**
 * `npm run faults [-- --seed N --faults N --nodes N --readers N --set basic|all --only NAME,NAME --mutate NAME
 * --dist PATH --old-dist PATH]`: nodes, a database, publishers and streams in processes
 * of their own, a seeded schedule of faults, and a checker that knows nothing of the service's code.
 */
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { check } from './checker.mjs';
import { startDatabase } from './database.mjs';
import { startDatabaseProxy } from './database-proxy.mjs';
import { FAULTS, faultsOf, schedule } from './faults.mjs';
import { buildMutant } from './mutants.mjs';
import { startNode } from './node.mjs';
import { seedPlatform } from './platform.mjs';
import { startProxy } from './proxy.mjs';
import { startPublishers } from './publishers.mjs';
import { createRandom } from './random.mjs';
import { openReader } from './reader.mjs';
import { platformToken } from './tokens.mjs';

const RECOVERY_LIMIT_MS = 120_000;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    faults: { type: 'string', default: '7' },
    nodes: { type: 'string', default: '3' },
    readers: { type: 'string', default: '100' },
    set: { type: 'string', default: 'basic' },
    only: { type: 'string' },
    mutate: { type: 'string' },
    'old-dist': { type: 'string' },
    dist: { type: 'string', default: resolve(import.meta.dirname, '../../dist') },
  },
});
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
const seed = Number(values.seed);
const plan = schedule(createRandom(seed), faultsOf(values), Number(values.faults));
const random = createRandom(seed + 1);
const mutant = values.mutate && buildMutant(values.dist, values.mutate);
const dist = mutant?.dist ?? values.dist;
const database = await startDatabase();
const nodes = [];
let failed = true;
try {
  for (let i = 0; i < Number(values.nodes); i++) {
    const databaseProxy = await startDatabaseProxy(database);
    const node = await startNode({ dist: values['old-dist'] ?? dist, databaseUrl: databaseProxy.url });
    nodes.push(Object.assign(node, { databaseProxy }));
  }
  const platform = await seedPlatform(database, random);
  const proxy = await startProxy(nodes, createRandom(seed + 2));
  const readers = Array.from({ length: Number(values.readers) }, () => {
    const player = random.pick(platform.players);
    const own = platform.scopesOf(player).filter(() => random.below(2) === 0);
    const scopes = [...new Set(['global', ...own])];
    return Object.assign(openReader({ url: proxy.url, token: platformToken(player.userId), scopes }), {
      player,
    });
  });
  await reached(() => readers.every((reader) => reader.openings > 0), 'all streams are open');
  const publishers = startPublishers({ nodes, database, targets: platform.targets, random, rest: 6, sql: 2 });

  const faultRandom = createRandom(seed + 3); // its own, since publishers draw from `random` in no fixed order
  const recoveries = new Map();
  const divergences = [];
  const pruned = new Set();
  /** Records what a fault takes away: the position above which rows are lost, and when. */
  async function losing(act, { takes = true } = {}) {
    const connection = await database.connect();
    const [[{ head }]] = await connection.query('SELECT head FROM log_head');
    await connection.end();
    const at = Date.now();
    await act();
    divergences.push({ from: Number(head), at, until: takes ? Date.now() : at });
  }
  const upgradeAt = values['old-dist'] ? Math.floor(plan.length / 2) : undefined;
  for (const [index, name] of plan.entries()) {
    await sleep(500);
    if (index === upgradeAt)
      for (const node of nodes) {
        await node.terminate();
        node.use(dist);
        await node.start();
      }
    console.error(`${index + 1}. ${name}`);
    await FAULTS[name]({ nodes, database, proxy, publishers, losing, pruned, random: faultRandom });
    const from = performance.now();
    await delivered(await publishers.probe());
    const taken = Math.round(performance.now() - from);
    console.error(`   recovered after ${taken} ms`);
    recoveries.set(name, [...(recoveries.get(name) ?? []), taken]);
  }
  await publishers.stop();
  const connection = await database.connect();
  await reached(async () => {
    const [[row]] = await connection.query('SELECT COUNT(*) AS count FROM event_outbox WHERE error IS NULL');
    return Number(row.count) === 0;
  }, 'the outbox is empty');
  await delivered(await publishers.probe());
  await Promise.all(readers.map((reader) => reader.close()));
  const end = Math.min(...readers.map((reader) => reader.rows.at(-1).id));
  const [log] = await connection.query('SELECT id, scope, title, term FROM notification ORDER BY id');
  await connection.end();
  await proxy.close();

  const { found, noted } = check({
    log,
    readers,
    end,
    divergences,
    pruned,
    ...publishers,
    allowed: (reader, scope) => platform.mayRead(reader.player, scope),
  });
  print({ recoveries, readers, log, cuts: proxy.cuts(), publishers, found, noted });
  failed = Object.values(found).some((list) => list.length > 0);

  async function delivered(title) {
    await reached(() => readers.every((reader) => reader.titles.has(title)), `${title} is delivered`);
  }
} finally {
  await Promise.all(nodes.map((node) => node.kill()));
  await Promise.all(nodes.map((node) => node.databaseProxy.close()));
  await database.remove();
  mutant?.remove();
}
process.exitCode = failed ? 1 : 0;

async function reached(condition, what) {
  for (const limit = Date.now() + RECOVERY_LIMIT_MS; !(await condition()); await sleep(20))
    if (Date.now() > limit) throw new Error(`Seed ${seed}: not within ${RECOVERY_LIMIT_MS} ms: ${what}`);
}

function print({ recoveries, readers, log, cuts, publishers, found, noted }) {
  console.log('| fault | count | recovery, median ms | worst ms |\n|---|---|---|---|');
  for (const [name, times] of recoveries) {
    const sorted = times.toSorted((a, b) => a - b);
    console.log(
      `| ${name} | ${times.length} | ${sorted[Math.floor(sorted.length / 2)]} | ${sorted.at(-1)} |`,
    );
  }
  const sum = (of) => readers.reduce((total, reader) => total + of(reader), 0);
  console.log(
    `\nseed ${seed}; streams ${readers.length}; frames ${sum((one) => one.frames)}; openings ${sum((one) => one.openings)}; ` +
      `cuts ${cuts}; rows ${log.length}; accepted ${publishers.accepted.size}; rolled back ${publishers.rolledBack.size}`,
  );
  console.log(
    Object.entries(noted)
      .map(([name, count]) => `${name} ${count}`)
      .join('; '),
  );
  for (const [kind, list] of Object.entries(found)) {
    console.log(`${kind}: ${list.length}`);
    for (const one of list.slice(0, 5)) console.log(`  ${JSON.stringify(one)}`);
  }
}

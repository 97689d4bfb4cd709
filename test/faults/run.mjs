/**
 * `npm run faults [-- --seed N --faults N --nodes N --readers N]`: nodes, a database, publishers and streams in processes
 * of their own, a seeded schedule of faults, and a checker that knows nothing of the service's code.
 */
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { check } from './checker.mjs';
import { startDatabase } from './database.mjs';
import { FAULTS, schedule } from './faults.mjs';
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
    dist: { type: 'string', default: resolve(import.meta.dirname, '../../dist') },
  },
});
const seed = Number(values.seed);
const plan = schedule(createRandom(seed), Number(values.faults));
const random = createRandom(seed + 1);
const database = await startDatabase();
const nodes = [];
let failed = true;
try {
  for (let i = 0; i < Number(values.nodes); i++)
    nodes.push(await startNode({ dist: values.dist, databaseUrl: database.url }));
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
  for (const name of plan) {
    await sleep(500);
    await FAULTS[name]({ nodes, database, proxy, random: faultRandom });
    const from = performance.now();
    await delivered(await publishers.probe());
    const taken = Math.round(performance.now() - from);
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
  const [log] = await connection.query('SELECT id, scope, title FROM notification ORDER BY id');
  await connection.end();
  await proxy.close();

  const found = check({
    log,
    readers,
    end,
    ...publishers,
    allowed: (reader, scope) => platform.mayRead(reader.player, scope),
  });
  print({ recoveries, readers, log, cuts: proxy.cuts(), publishers, found });
  failed = Object.values(found).some((list) => list.length > 0);

  async function delivered(title) {
    await reached(
      () => readers.every((reader) => reader.rows.some((row) => row.title === title)),
      `${title} is delivered`,
    );
  }
} finally {
  await Promise.all(nodes.map((node) => node.kill()));
  await database.remove();
}
process.exitCode = failed ? 1 : 0;

async function reached(condition, what) {
  for (const limit = Date.now() + RECOVERY_LIMIT_MS; !(await condition()); await sleep(20))
    if (Date.now() > limit) throw new Error(`Seed ${seed}: not within ${RECOVERY_LIMIT_MS} ms: ${what}`);
}

function print({ recoveries, readers, log, cuts, publishers, found }) {
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
  for (const [kind, list] of Object.entries(found)) {
    console.log(`${kind}: ${list.length}`);
    for (const one of list.slice(0, 5)) console.log(`  ${JSON.stringify(one)}`);
  }
}

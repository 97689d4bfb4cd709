// A burst into a Redis stream, and how long `codecraft-live ingest` takes to have it in the log.
//   npm run build && node bench/ingest.mjs [events] [consumers...]
// Starts a MariaDB and a Redis (`redis-server` must be installed), adds all entries at once, and runs so many consumers, each a
// process of its own. Each event goes to two scopes, so it is two rows. Bounded: it stops by itself.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabase } from '../dist/db/database.js';
import { startEmbeddedDatabase } from '../dist/db/embedded/embedded-database.js';
import { migrate } from '../dist/migrate/migrate.js';
import { cpuOf, residentOf } from './process-usage.mjs';
import { startRedis } from './redis-process.mjs';

const [events = 100_000, ...given] = process.argv.slice(2).map(Number);
const counts = given.length > 0 ? given : [1, 2];
/** Max duration of a round, ms. */
const PATIENCE_MS = 300_000;
const STREAM = 'live:events';

const directory = await mkdtemp(join(tmpdir(), 'live-bench-'));
const mariadb = await startEmbeddedDatabase({ directory, log: () => {} });
const database = openDatabase({ url: mariadb.url });
await migrate(database);
const redis = await startRedis(directory);
const { client } = redis;

for (const consumers of counts) {
  const [{ count: before }] = await database.query('SELECT COUNT(*) AS count FROM notification');
  const addedAt = performance.now();
  for (let at = 0; at < events; at += 1_000)
    await Promise.all(
      Array.from({ length: Math.min(1_000, events - at) }, (_, index) => {
        const data = {
          playerId: 1 + ((at + index) % 5_000),
          oldLevel: 11,
          newLevel: 12,
          subRank: 'Silver II',
        };
        return client.xAdd(STREAM, '*', { type: 'LEVEL_UP', data: JSON.stringify(data) });
      }),
    );
  const adding = performance.now() - addedAt;
  const startedAt = performance.now();
  const children = Array.from({ length: consumers }, () =>
    spawn(process.execPath, [join(import.meta.dirname, '../dist/cli/main.js'), 'ingest'], {
      env: {
        PATH: process.env.PATH,
        NODE_ENV: 'test',
        LOG_LEVEL: 'warn',
        DATABASE_URL: mariadb.url,
        REDIS_URL: redis.url,
        JWT_SECRET: 'bench-bench-bench-bench-bench',
      },
      stdio: ['ignore', 'inherit', 'inherit'],
    }),
  );
  let beganAt;
  let peak = 0;
  for (;;) {
    const left = await client.xLen(STREAM);
    if (beganAt === undefined && left < events) beganAt = performance.now();
    for (const { pid } of children) peak = Math.max(peak, residentOf(pid));
    if (left === 0) break;
    if (performance.now() - startedAt > PATIENCE_MS) throw new Error(`${left} entries are left`);
    await sleep(20);
  }
  const seconds = (performance.now() - beganAt) / 1_000;
  const cpu = children.reduce((sum, { pid }) => sum + cpuOf(pid), 0) / 1_000;
  for (const child of children) {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
  const [{ count }] = await database.query('SELECT COUNT(*) AS count FROM notification');
  console.log(
    `${consumers} consumers: ${events} events added in ${(adding / 1_000).toFixed(1)} s, in the log after ${seconds.toFixed(1)} s ` +
      `(${Math.round(events / seconds)} events/s), ${count - before} rows; CPU ${cpu.toFixed(1)} s, at most ${Math.round(peak / 1024)} MiB a process`,
  );
}

await redis.stop();
await database.close();
await mariadb.stop();
await rm(directory, { recursive: true, force: true });

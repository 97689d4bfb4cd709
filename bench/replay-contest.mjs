// Plays a contest's feed (NDJSON, CLICS Contest API) into the platform's tables at any speed, with its freeze, rejudgements and
// reveal, and compares after every step what players and admins get (stream with cells, REST, event feed, scoreboard) with a scoreboard of its own.
//   npm run build && node bench/replay-contest.mjs feed.ndjson [speed: contest time over time, 0: as fast as it is compared] [reveal or thaw] [seed of verdicts that the feed lacks]
// Starts the built service on an embedded database of its own; or plays into one that runs, named by LIVE_URL, DATABASE_URL (with
// triggers installed) and JWT_SECRET. Ends with 1 where anything differs. Figures: from a commit to the viewer, in ms, by type.
import { readFile } from 'node:fs/promises';
import { SignJWT } from 'jose';
import mysql from 'mysql2/promise';
import { replay } from './replay/replay.mjs';

const [file, speed = '0', end = 'reveal', seed] = process.argv.slice(2);
const { LIVE_URL, DATABASE_URL, JWT_SECRET } = process.env;
if (file === undefined || !['reveal', 'thaw'].includes(end)) {
  console.error('usage: node bench/replay-contest.mjs feed.ndjson [speed] [reveal|thaw] [seed]');
  process.exit(2);
}
const lines = (await readFile(file, 'utf8'))
  .split('\n')
  .filter((line) => line.trim() !== '')
  .map((line) => JSON.parse(line));

const target = LIVE_URL
  ? { url: LIVE_URL, databaseUrl: DATABASE_URL, secret: JWT_SECRET, stop: async () => {} }
  : await startOwn();
const pool = mysql.createPool({ uri: target.databaseUrl, timezone: 'Z', connectionLimit: 4 });
pool.on('connection', (connection) => connection.query("SET time_zone = '+00:00'"));
const key = new TextEncoder().encode(target.secret);
const tokenOf = (id) =>
  new SignJWT({ id }).setProtectedHeader({ alg: 'HS256' }).setIssuedAt().setExpirationTime('7d').sign(key);
let failed = true;
try {
  const result = await replay(lines, {
    pool,
    url: target.url,
    tokenOf,
    speed: Number(speed),
    end,
    seed: seed === undefined ? undefined : Number(seed),
    onStep: (step, all) => {
      if (process.stderr.isTTY) process.stderr.write(`\r${step}/${all}`);
    },
  });
  console.log(JSON.stringify(result, undefined, 2));
  failed = result.differences.length > 0 || result.faults.length > 0;
} finally {
  await pool.end();
  await target.stop();
}
process.exit(failed ? 1 : 0);

async function startOwn() {
  const { mkdtemp, rm } = await import('node:fs/promises');
  const { tmpdir } = await import('node:os');
  const { join } = await import('node:path');
  const { openDatabase } = await import('../dist/db/database.js');
  const { startEmbeddedDatabase } = await import('../dist/db/embedded/embedded-database.js');
  const { migrate } = await import('../dist/migrate/migrate.js');
  const { installTriggers } = await import('../dist/platform/triggers/install.js');
  const { startService } = await import('./server-process.mjs');
  const directory = await mkdtemp(join(tmpdir(), 'live-replay-'));
  const server = await startEmbeddedDatabase({ directory });
  const database = openDatabase({ url: server.url });
  await migrate(database);
  await installTriggers(database);
  const secret = 'bench-bench-bench-bench-bench';
  // The comparisons of a long contest take longer than streams live by default.
  const service = await startService({
    DATABASE_URL: server.url,
    JWT_SECRET: secret,
    STREAM_MAX_AGE_MS: '86400000',
  });
  return {
    url: `http://127.0.0.1:${service.port}`,
    databaseUrl: server.url,
    secret,
    async stop() {
      await service.stop();
      await database.close();
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

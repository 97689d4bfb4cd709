// What the triggers cost the platform, where a statement changes nothing that is told and where it does.
//   npm run build && node bench/trigger-cost.mjs [rounds]
// Two databases, with triggers and without, on an embedded server of its own; both are measured in turns, so that whatever
// else the machine does hits both. The statements run in a procedure, one transaction for each round: network and disk, which
// a statement of the platform waits for as well, are left out. DATABASE_URL names another server. It stops by itself.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { openDatabase } from '../dist/db/database.js';
import { startEmbeddedDatabase } from '../dist/db/embedded/embedded-database.js';
import { migrate } from '../dist/db/migrate.js';
import { installTriggers } from '../dist/db/triggers/install.js';

const ROUNDS = Number(process.argv[2] ?? 30);
const STATEMENTS = 2000;
const PLAYERS = 100;

const directory = await mkdtemp(join(tmpdir(), 'live-bench-'));
const server = process.env.DATABASE_URL
  ? { url: process.env.DATABASE_URL, stop: async () => {} }
  : await startEmbeddedDatabase({ directory, log: () => {} });

/** The statements, by what they show; `n` counts the statements of a round. */
const WHO = `1 + n % ${PLAYERS}`;
const CASES = {
  'level written again, unchanged': `UPDATE player SET level = 5, tier = 'BRONZE', sub_rank = 'Bronze III' WHERE id = ${WHO}`,
  'XP alone': `UPDATE player SET xp = xp + 1 WHERE id = ${WHO}`,
  'final rank alone': `UPDATE contest_participant SET final_rank = n WHERE contest_id = 1 AND player_id = ${WHO}`,
  'score, told to the standings': `UPDATE contest_participant SET final_rating = final_rating + 1 WHERE contest_id = 1 AND player_id = ${WHO}`,
};

async function prepare(name, triggers) {
  const url = new URL(server.url);
  url.pathname = '/';
  const admin = await createConnection({ uri: url.href, ...socketOf(url) });
  await admin.query(`DROP DATABASE IF EXISTS ${name}`);
  await admin.query(`CREATE DATABASE ${name}`);
  await admin.end();
  url.pathname = `/${name}`;
  const database = openDatabase({ url: url.href, poolSize: 1 });
  await migrate(database);
  const ids = Array.from({ length: PLAYERS }, (_, index) => index + 1);
  for (const id of ids) {
    await database.execute("INSERT INTO users (id, name, email, password) VALUES (?, 'Ada', ?, '-')", [
      id,
      `${id}`,
    ]);
    await database.execute('INSERT INTO player (id, user_id, level) VALUES (?, ?, 5)', [id, id]);
  }
  await database.execute(
    "INSERT INTO contest (id, created_by, problems, title, status, start_time, end_time, duration_mins) VALUES (1, 1, '[]', 'C', 'LIVE', NOW(), NOW(), 1)",
  );
  for (const id of ids)
    await database.execute('INSERT INTO contest_participant (contest_id, player_id) VALUES (1, ?)', [id]);
  if (triggers) await installTriggers(database);
  await database.close();
  const connection = await createConnection({ uri: url.href, ...socketOf(url) });
  for (const [index, statement] of Object.values(CASES).entries())
    await connection.query(
      `CREATE PROCEDURE bench_${index}() BEGIN DECLARE n INT DEFAULT 0; WHILE n < ${STATEMENTS} DO ${statement}; SET n = n + 1; END WHILE; END`,
    );
  return { connection, drop: () => connection.query(`DROP DATABASE ${name}`) };
}

function socketOf(url) {
  const socketPath = url.searchParams.get('socketPath');
  return socketPath ? { socketPath } : {};
}

/** Microseconds for each statement. */
async function measure({ connection }, index) {
  await connection.query('START TRANSACTION');
  const start = performance.now();
  await connection.query(`CALL bench_${index}()`);
  const took = performance.now() - start;
  await connection.query('ROLLBACK');
  return (took / STATEMENTS) * 1000;
}

/** The end of the best quarter: what disturbs a round only ever makes it longer. */
const undisturbed = (values) => values.sort((a, b) => a - b)[values.length >> 2];

const without = await prepare('bench_without', false);
const having = await prepare('bench_with', true);
try {
  for (const [index, name] of Object.keys(CASES).entries()) {
    const times = { without: [], having: [] };
    await measure(without, index);
    await measure(having, index);
    for (let round = 0; round < ROUNDS; round++) {
      const order = round % 2 === 0 ? [without, having] : [having, without];
      const took = new Map();
      for (const one of order) took.set(one, await measure(one, index));
      times.without.push(took.get(without));
      times.having.push(took.get(having));
    }
    const [plain, triggered] = [times.without, times.having].map(undisturbed);
    console.log(
      `${name.padEnd(32)} ${plain.toFixed(1).padStart(6)} µs without, ${triggered.toFixed(1).padStart(6)} µs with triggers, ratio ${(triggered / plain).toFixed(2)}`,
    );
  }
} finally {
  await without.drop();
  await having.drop();
  await without.connection.end();
  await having.connection.end();
  await server.stop();
  await rm(directory, { recursive: true, force: true });
}

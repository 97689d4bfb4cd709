// What the triggers cost the platform, where a statement changes nothing that is told and where it does.
//   npm run build && node bench/trigger-cost.mjs [rounds]
// Two databases, with triggers and without, on an embedded server of its own; both are measured in turns, so that whatever
// else the machine does hits both. Twice: (1) in a procedure, one transaction for each round, which leaves out the network and
// the disk and so shows the triggers alone; (2) as the platform sends it, a statement at a time, each committed by itself.
// DATABASE_URL names another server. It stops by itself: after one to two minutes.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { openDatabase } from '../dist/db/database.js';
import { startEmbeddedDatabase } from '../dist/db/embedded/embedded-database.js';
import { migrate } from '../dist/migrate/migrate.js';
import { installTriggers } from '../dist/platform/triggers/install.js';

const ROUNDS = Number(process.argv[2] ?? 30);
const STATEMENTS = 2000;
const SENT = 100;
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

/** Microseconds for each statement, in a procedure. */
async function alone({ connection }, index) {
  await connection.query('START TRANSACTION');
  const start = performance.now();
  await connection.query(`CALL bench_${index}()`);
  const took = performance.now() - start;
  await connection.query('ROLLBACK');
  return (took / STATEMENTS) * 1000;
}

/** Microseconds for each statement, sent and committed by itself. */
async function sent({ connection }, index) {
  const statement = Object.values(CASES)[index];
  const start = performance.now();
  for (let n = 0; n < SENT; n++) await connection.query(statement.replaceAll(/\bn\b/g, n));
  return ((performance.now() - start) / SENT) * 1000;
}

/** The end of the best quarter: what disturbs a round only ever makes it longer. */
const undisturbed = (values) => values.sort((a, b) => a - b)[values.length >> 2];

/** What a statement takes without triggers, and with them. */
async function compare(measure, index) {
  const [without, having] = databases;
  const times = new Map([
    [without, []],
    [having, []],
  ]);
  for (const one of databases) await measure(one, index);
  for (let round = 0; round < ROUNDS; round++)
    for (const one of round % 2 === 0 ? [without, having] : [having, without])
      times.get(one).push(await measure(one, index));
  const [plain, triggered] = [without, having].map((one) => undisturbed(times.get(one)));
  return [plain.toFixed(1), triggered.toFixed(1), (triggered / plain).toFixed(2)];
}

const databases = [];
try {
  databases.push(await prepare('bench_without', false));
  databases.push(await prepare('bench_with', true));
  const line = (name, cells) => console.log(name.padEnd(32) + cells.map((cell) => cell.padStart(9)).join(''));
  console.log(`${' '.repeat(32)}  µs in a procedure           µs as the platform sends it`);
  line('', ['without', 'with', 'ratio', 'without', 'with', 'ratio']);
  for (const [index, name] of Object.keys(CASES).entries())
    line(name, [...(await compare(alone, index)), ...(await compare(sent, index))]);
  console.log(
    '(with and without triggers; the first three publish nothing. A ratio of 1: they cost nothing.)',
  );
} finally {
  for (const { connection, drop } of databases) {
    await drop();
    await connection.end();
  }
  await server.stop();
  await rm(directory, { recursive: true, force: true });
}

// What an append costs for its assertion that the row at the head carries the tag that the head names, beside the same packet
// without that assertion.
//   npm run build && node bench/tag-check.mjs [rounds] [appends]
// Starts a MariaDB. Both packets come in turns on one connection. CPU is that of the server's thread, by its own account; the
// duration has the wait for the disk in it. Bounded: it stops by itself.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../dist/db/database.js';
import { startEmbeddedDatabase } from '../dist/db/embedded/embedded-database.js';
import { prepare } from '../dist/events/prepare.js';
import { appendStatement, SERVER } from '../dist/log/append-statement.js';
import { newTag } from '../dist/log/terms.js';
import { migrate } from '../dist/migrate/migrate.js';

const [rounds = 15, appends = 200] = process.argv.slice(2).map(Number);

const directory = await mkdtemp(join(tmpdir(), 'live-bench-'));
const mariadb = await startEmbeddedDatabase({ directory, log: () => {} });
const database = openDatabase({ url: mariadb.url });
await migrate(database);
const connection = await database.connect({ multipleStatements: true });
const [[{ server, term }]] = await connection.query(
  `SELECT ${SERVER} AS server, epoch AS term FROM log_head`,
);
const unit = { drafts: [prepare('ANNOUNCEMENT', { title: 'Title', message: 'A message.' })] };

await connection.query('SET GLOBAL userstat = 1');
for (const rows of [1, 20]) await compare(rows);
await connection.end();
await database.close();
await mariadb.stop();
await rm(directory, { recursive: true, force: true });

async function compare(rows) {
  const used = { with: [], without: [] };
  await append(rows, true, appends);
  for (let round = 0; round < rounds; round++)
    for (const kind of round % 2 === 0 ? ['with', 'without'] : ['without', 'with'])
      used[kind].push(await append(rows, kind === 'with', appends));
  for (const measure of ['CPU', 'duration']) {
    const [checked, bare] = [used.with, used.without].map((all) => median(all.map((one) => one[measure])));
    console.log(
      `${rows} rows an append, ${measure}: ${Math.round(checked)} µs with the check, ${Math.round(bare)} µs without, ${(checked / bare).toFixed(2)} times`,
    );
  }
}

/** Means of an append, µs. */
async function append(rows, tagged, count) {
  const units = Array.from({ length: rows }, () => unit);
  const expected = { minHead: 0, server, complete: false, tagged, term, begins: false };
  const [began, cpu] = [performance.now(), await cpuTime()];
  for (let index = 0; index < count; index++)
    await connection.query(appendStatement(units, { tag: newTag(), newTerm: '', expected }, true));
  return {
    duration: ((performance.now() - began) * 1_000) / count,
    CPU: ((await cpuTime()) - cpu) / count,
  };
}

/** CPU time of this session so far, µs. */
async function cpuTime() {
  const [[{ Value }]] = await connection.query("SHOW SESSION STATUS LIKE 'Cpu_time'");
  return Number(Value) * 1e6;
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

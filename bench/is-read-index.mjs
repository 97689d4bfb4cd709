// What the index costs that `migrate` adds for a Socket.IO layer that is still loaded (`notification_is_read`): size, and writes.
//   npm run build && node bench/is-read-index.mjs [batches]
// Starts a MariaDB. Two copies of the log's table, with the index and without, take the same batches of 500 rows in turns.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../dist/db/database.js';
import { startEmbeddedDatabase } from '../dist/db/embedded/embedded-database.js';
import { migrate } from '../dist/migrate/migrate.js';

const BATCHES = Number(process.argv[2] ?? 400);
const ROWS = 500;
const TABLES = ['log_with', 'log_without'];

const directory = await mkdtemp(join(tmpdir(), 'live-bench-'));
const mariadb = await startEmbeddedDatabase({ directory, log: () => {} });
const database = openDatabase({ url: mariadb.url, poolSize: 1 });
await migrate(database);
for (const table of TABLES) {
  await database.execute(`CREATE TABLE ${table} LIKE notification`);
  await database.execute(
    `ALTER TABLE ${table} ADD COLUMN is_read BOOLEAN NULL, ADD COLUMN read_at DATETIME NULL`,
  );
}
await database.execute('ALTER TABLE log_with ADD INDEX notification_is_read (is_read)');

const took = { log_with: [], log_without: [] };
const data = JSON.stringify({ playerId: 7, oldLevel: 11, newLevel: 12, playerName: 'Ada' });
for (let batch = 0; batch < BATCHES; batch++) {
  const rows = Array.from({ length: ROWS }, (_, index) => {
    const id = batch * ROWS + index + 1;
    return [id, id, `player:${id % 1000}`, 'player', 'LEVEL_UP', 1, 7, 'Level 12', 'You are level 12.', data];
  });
  for (const table of batch % 2 === 0 ? TABLES : TABLES.toReversed()) {
    const began = performance.now();
    await database.query(
      `INSERT INTO ${table} (id, event_id, scope, keep_class, type, inbox, player_id, title, message, data) VALUES ?`,
      [rows],
    );
    took[table].push(performance.now() - began);
  }
}
const median = (all) => all.toSorted((a, b) => a - b)[all.length >> 1];
const perRow = (table) => (median(took[table]) / ROWS) * 1000;
await database.query(`ANALYZE TABLE ${TABLES.join(', ')}`);
const sizes = await database.query(
  "SELECT index_name AS name, stat_value * @@innodb_page_size AS bytes FROM mysql.innodb_index_stats WHERE database_name = DATABASE() AND table_name = 'log_with' AND stat_name = 'size'",
);
const total = sizes.reduce((sum, { bytes }) => sum + Number(bytes), 0);
const index = Number(sizes.find(({ name }) => name === 'notification_is_read').bytes);
const mib = (bytes) => (bytes / 1024 / 1024).toFixed(1);
console.log(
  `${BATCHES * ROWS} rows: the index has ${mib(index)} MiB of ${mib(total)} MiB, ${Math.round(index / (BATCHES * ROWS))} bytes a row`,
);
console.log(
  `a row inserted: ${perRow('log_with').toFixed(1)} µs with the index, ${perRow('log_without').toFixed(1)} µs without, ${(perRow('log_with') / perRow('log_without')).toFixed(2)} times`,
);
await database.close();
await mariadb.stop();
await rm(directory, { recursive: true, force: true });

import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { Database } from './database.ts';
import { errnoOf } from './errors.ts';
import { MigrationError } from './migration-error.ts';
import { type Migration, readMigrations } from './migration-files.ts';
import { lockName } from './named-lock.ts';
import { createMissingTables, readColumns } from './platform/create.ts';

export interface MigrationReport {
  /** Migrations that were run now, oldest first; empty when the schema was up to date. */
  readonly applied: readonly string[];
  /** Tables of the platform that were missing and have been created. */
  readonly created: readonly string[];
}

interface Progress {
  name: string;
  /** How many of its statements are known to have run. */
  done: number;
  hash: string;
  finished: number;
}

/** How long to wait for another node that migrates at this moment, in seconds. */
const PATIENCE_S = 30;

/** What a statement says that had already run when its process was killed. */
const ALREADY_DONE = new Set([
  1007, // database exists
  1050, // table exists
  1060, // column exists
  1061, // key exists
  1091, // column or key is gone
  1304, // procedure exists
  1359, // trigger exists
]);

/**
 * Brings the database to this version's schema; does nothing when it is there. Any number of nodes may call it at once:
 * one migrates, the others wait. Progress is kept per statement, since DDL cannot be rolled back, so that a run that was
 * killed is taken up where it stopped.
 *
 * @throws MigrationError when it cannot be done, with the reason.
 */
export async function migrate(
  database: Database,
  options: { readonly log?: (line: string) => void } = {},
): Promise<MigrationReport> {
  const log = options.log ?? (() => {});
  const connection = await database.connect({ statementTimeoutMs: 0 });
  try {
    await lock(connection, database.name);
    const tables = await readColumns(connection);
    refuseForeignTables(tables);
    if (!tables.has('live_migration')) await createProgressTable(connection);
    const migrations = readMigrations();
    const progress = await readProgress(connection);
    refuseNewer(migrations, progress);
    const created = await createMissingTables(connection);
    if (created.length > 0) log(`created the tables ${created.join(', ')}`);
    const applied: string[] = [];
    for (const migration of migrations) {
      const before = progress.get(migration.name);
      if (before?.finished) continue;
      await apply(connection, migration, before);
      applied.push(migration.name);
      log(`applied ${migration.name}`);
    }
    return { applied, created };
  } finally {
    // With the connection goes the lock.
    connection.destroy();
  }
}

async function lock(connection: Connection, database: string): Promise<void> {
  const [rows] = await connection.query<RowDataPacket[]>('SELECT GET_LOCK(?, ?) AS got', [
    lockName(database, 'migrate'),
    PATIENCE_S,
  ]);
  if (Number(rows[0]?.got) !== 1) {
    throw new MigrationError(
      `Another process has been migrating this database for ${PATIENCE_S} s. Try again when it is done.`,
    );
  }
}

/** The Socket.IO generation had tables of the same names and another shape. */
function refuseForeignTables(tables: Map<string, Set<string>>): void {
  const foreign = ['notification', 'activity_log'].filter(
    (name) => tables.get(name)?.has('event_id') === false,
  );
  if (foreign.length > 0) {
    throw new MigrationError(
      `This database has a table ${foreign.join(' and a table ')} that codecraft-live did not make. Nothing was changed. Rename it, or use another database.`,
    );
  }
}

async function createProgressTable(connection: Connection): Promise<void> {
  await connection.query(
    `CREATE TABLE IF NOT EXISTS live_migration (
      name VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
      hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      done INT NOT NULL DEFAULT 0,
      started_at DATETIME(3) NOT NULL,
      finished_at DATETIME(3)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`,
  );
}

async function readProgress(connection: Connection): Promise<Map<string, Progress>> {
  const [rows] = await connection.query<RowDataPacket[]>(
    'SELECT name, hash, done, finished_at IS NOT NULL AS finished FROM live_migration',
  );
  return new Map((rows as Progress[]).map((row) => [row.name, row]));
}

function refuseNewer(migrations: readonly Migration[], progress: Map<string, Progress>): void {
  const known = new Set(migrations.map(({ name }) => name));
  const unknown = [...progress.keys()].filter((name) => !known.has(name)).sort();
  if (unknown.length > 0) {
    throw new MigrationError(
      `This database is newer than this version of codecraft-live: it has ${unknown.join(', ')}. Start the version that migrated it, or a later one.`,
    );
  }
}

async function apply(
  connection: Connection,
  migration: Migration,
  before: Progress | undefined,
): Promise<void> {
  const { name, hash, statements } = migration;
  if (before === undefined) {
    await connection.query(
      'INSERT INTO live_migration (name, hash, started_at) VALUES (?, ?, UTC_TIMESTAMP(3))',
      [name, hash],
    );
  } else if (before.hash !== hash) {
    throw new MigrationError(
      `${name} was begun by another version of codecraft-live and not finished. Let that version finish it first.`,
    );
  }
  const first = before?.done ?? 0;
  for (const [index, sql] of statements.entries()) {
    if (index < first) continue;
    try {
      await connection.query(sql);
    } catch (error) {
      // Only the first statement after a stop can have run without being written down.
      const repeated = before !== undefined && index === first && ALREADY_DONE.has(errnoOf(error) ?? 0);
      if (!repeated) {
        throw new MigrationError(
          `${name}, statement ${index + 1} of ${statements.length}, failed: ${error instanceof Error ? error.message : error}`,
          { cause: error },
        );
      }
    }
    const last = index === statements.length - 1;
    await connection.query(
      `UPDATE live_migration SET done = ?, finished_at = ${last ? 'UTC_TIMESTAMP(3)' : 'NULL'} WHERE name = ?`,
      [index + 1, name],
    );
  }
}

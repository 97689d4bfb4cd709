import type { Connection, RowDataPacket } from 'mysql2/promise';
import { MigrationError } from './errors.ts';
import type { Migration } from './migration-files.ts';

/** Progress of one migration. */
export interface MigrationProgress {
  readonly name: string;
  /** Number of its statements that are known to have run. */
  readonly done: number;
  readonly hash: string;
  readonly finished: number;
}

/** Creates the table that records the progress of migrations. */
export async function createProgressTable(connection: Connection): Promise<void> {
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

/**
 * Reads the progress of the migrations that were begun, by name.
 *
 * @param tables names of all tables
 */
export async function readProgress(
  connection: Connection,
  tables: { has(name: string): boolean },
): Promise<Map<string, MigrationProgress>> {
  if (!tables.has('live_migration')) return new Map();
  const [rows] = await connection.query<RowDataPacket[]>(
    'SELECT name, hash, done, finished_at IS NOT NULL AS finished FROM live_migration',
  );
  return new Map((rows as MigrationProgress[]).map((row) => [row.name, row]));
}

/** @throws MigrationError when a later version has migrated the database. */
export function refuseNewer(
  migrations: readonly Migration[],
  progress: ReadonlyMap<string, MigrationProgress>,
): void {
  const known = new Set(migrations.map(({ name }) => name));
  const unknown = [...progress.keys()].filter((name) => !known.has(name)).sort();
  if (unknown.length > 0) {
    throw new MigrationError(
      `This database is newer than this version of codecraft-live: it has ${unknown.join(', ')}. Start the version that migrated it, or a later one.`,
    );
  }
}

/** Records that a migration begins. */
export async function writeBegun(connection: Connection, { name, hash }: Migration): Promise<void> {
  await connection.query(
    'INSERT INTO live_migration (name, hash, started_at) VALUES (?, ?, UTC_TIMESTAMP(3))',
    [name, hash],
  );
}

/** Records that the first `done` statements of a migration have run. */
export async function writeDone(
  connection: Connection,
  { name, statements }: Migration,
  done: number,
): Promise<void> {
  const finished = done === statements.length ? 'UTC_TIMESTAMP(3)' : 'NULL';
  await connection.query(`UPDATE live_migration SET done = ?, finished_at = ${finished} WHERE name = ?`, [
    done,
    name,
  ]);
}

import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { Database } from '../db/database.ts';
import { errnoOf, MigrationError } from '../db/errors.ts';
import type { Migration } from '../db/migration-files.ts';
import {
  createProgressTable,
  type MigrationProgress,
  writeBegun,
  writeDone,
} from '../db/migration-progress.ts';
import { lockName } from '../db/named-lock.ts';
import { adoptTables } from '../platform/adoption/adopt-tables.ts';
import { keepDefinitions } from '../platform/adoption/keep-definitions.ts';
import { type Adopted, createAdoptionTable } from '../platform/adoption/progress.ts';
import { renameTables } from '../platform/adoption/socketio-tables.ts';
import { createTables } from '../platform/tables/create.ts';
import { countRows, type Survey, survey } from './survey.ts';

export interface MigrationReport {
  /** Migrations that were run now, oldest first; empty when the schema was up to date. */
  readonly applied: readonly string[];
  /** Tables of the platform that were missing and have been created. */
  readonly created: readonly string[];
  /** Tables of the Socket.IO generation that were renamed, by their old names. */
  readonly renamed: readonly string[];
  /** What was taken over of that generation's rows. */
  readonly adopted: readonly Adopted[];
}

/** What `migrate` would do. */
export interface MigrationPlan extends Survey {
  /** How many rows the tables hold that would be renamed or copied, by the names they are kept as. */
  readonly rows: ReadonlyMap<string, number>;
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
 * one migrates, the others wait. MigrationProgress is kept per statement, since DDL cannot be rolled back, so that a run that was
 * killed is taken up where it stopped. Tables of the Socket.IO generation are kept under another name, and their rows
 * are copied into ours.
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
    return await carryOut(connection, await survey(connection), log);
  } finally {
    // With the connection goes the lock.
    connection.destroy();
  }
}

/**
 * Says what `migrate` would find and do; changes nothing, and waits for nobody.
 *
 * @throws MigrationError when it could not be done, with the reason.
 */
export async function planMigration(database: Database): Promise<MigrationPlan> {
  const connection = await database.connect({ statementTimeoutMs: 0 });
  try {
    const found = await survey(connection);
    return { ...found, rows: await countRows(connection, found) };
  } finally {
    connection.destroy();
  }
}

async function carryOut(
  connection: Connection,
  { definitions, renames, missing, pending, progress, copies }: Survey,
  log: (line: string) => void,
): Promise<MigrationReport> {
  // An account that may only read and write rows is enough for a service whose schema is up to date.
  if ([definitions, renames, missing, pending, copies].every(({ length }) => length === 0))
    return { applied: [], created: [], renamed: [], adopted: [] };
  await createProgressTable(connection);
  await createAdoptionTable(connection);
  await keepDefinitions(connection, definitions);
  await renameTables(connection, renames);
  const renamed = renames.map(({ name }) => name);
  if (renamed.length > 0)
    log(`renamed ${renames.map(({ name, keptAs }) => `${name} to ${keptAs}`).join(', ')}`);
  await createTables(connection, missing);
  const created = missing.map(({ name }) => name);
  if (created.length > 0) log(`created the tables ${created.join(', ')}`);
  for (const migration of pending) {
    await apply(connection, migration, progress.get(migration.name));
    log(`applied ${migration.name}`);
  }
  const adopted = await adoptTables(
    connection,
    copies.map(({ table }) => table),
    log,
  );
  return { applied: pending.map(({ name }) => name), created, renamed, adopted };
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

async function apply(
  connection: Connection,
  migration: Migration,
  before: MigrationProgress | undefined,
): Promise<void> {
  const { name, hash, statements } = migration;
  if (before === undefined) {
    await writeBegun(connection, migration);
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
    await writeDone(connection, migration, index + 1);
  }
}

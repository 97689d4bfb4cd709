import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { Database } from '../db/database.ts';
import type { StoredDefinition } from '../db/definitions.ts';
import { errnoOf, isDenied, MigrationError } from '../db/errors.ts';
import type { Migration } from '../db/migration-files.ts';
import {
  createProgressTable,
  type MigrationProgress,
  writeBegun,
  writeDone,
} from '../db/migration-progress.ts';
import { lockName } from '../db/named-lock.ts';
import { requireVersion } from '../db/server-version.ts';
import { adoptTables } from '../platform/adoption/adopt-tables.ts';
import { planCompatibility } from '../platform/adoption/compatibility.ts';
import { keepDefinitions } from '../platform/adoption/keep-definitions.ts';
import { type Adopted, createAdoptionTable } from '../platform/adoption/progress.ts';
import { renameTables } from '../platform/adoption/socketio-tables.ts';
import { createTables } from '../platform/tables/create.ts';
import { countRows, type Survey, survey } from './survey.ts';

export interface MigrationReport {
  /** Migrations applied now, oldest first; empty when the schema was up to date. */
  readonly applied: readonly string[];
  /** Tables of the platform that were created. */
  readonly created: readonly string[];
  /** Renamed tables of the Socket.IO generation, by their old names. */
  readonly renamed: readonly string[];
  /** Procedures and views that were gone, as after a dump without them, and were created again. */
  readonly restored: readonly string[];
  /** Copied rows of that generation. */
  readonly adopted: readonly Adopted[];
}

/** Preview of `migrate`. */
export interface MigrationPlan extends Survey {
  /** Rows of the tables to be renamed or copied, by the names they are kept as. */
  readonly rows: ReadonlyMap<string, number>;
}

/** Max wait for another node that migrates, s. */
const LOCK_TIMEOUT_S = 30;

/** Errors of DDL that had already run when its process was killed. */
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
 * Migrates the database to this version's schema. Idempotent. When several nodes call it, one migrates and the others wait.
 * DDL cannot be rolled back, so progress is recorded per statement, and a run that was killed is resumed where it stopped.
 * Tables of the Socket.IO generation are renamed, and their rows copied into ours.
 *
 * @throws MigrationError when the database cannot be migrated; its message names the cause. ServerVersionError
 */
export async function migrate(
  database: Database,
  options: { readonly log?: (line: string) => void } = {},
): Promise<MigrationReport> {
  const log = options.log ?? (() => {});
  requireVersion(await database.flavour());
  const connection = await database.connect({ statementTimeoutMs: 0 });
  try {
    await lock(connection, database.name);
    return await carryOut(connection, await survey(connection), log);
  } finally {
    // The lock is released with the connection.
    connection.destroy();
  }
}

/**
 * Previews `migrate`; changes nothing, and takes no lock.
 *
 * @throws MigrationError when the database could not be migrated; its message names the cause.
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
  { definitions, renames, missing, pending, progress, copies, lost, incompatible }: Survey,
  log: (line: string) => void,
): Promise<MigrationReport> {
  // A service whose schema is up to date needs no rights but to read and write rows.
  if ([definitions, renames, missing, pending, copies].every(({ length }) => length === 0)) {
    const restored = await restore(connection, lost, log);
    if (restored.length > 0 || incompatible.length > 0) await makeCompatible(connection, log);
    return { applied: [], created: [], renamed: [], adopted: [], restored };
  }
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
  const restored = await restore(connection, lost, log);
  await makeCompatible(connection, log);
  const adopted = await adoptTables(
    connection,
    copies.map(({ table }) => table),
    log,
  );
  return { applied: pending.map(({ name }) => name), created, renamed, adopted, restored };
}

/**
 * Creates procedures and views again. An account that may not is no error: a service starts with fewer rights, and the check
 * of completeness names what is gone.
 */
async function restore(
  connection: Connection,
  lost: readonly StoredDefinition[],
  log: (line: string) => void,
): Promise<string[]> {
  const restored: string[] = [];
  for (const { name, sql } of lost)
    try {
      await connection.query(sql);
      restored.push(name);
    } catch (error) {
      if (!isDenied(error) && !ALREADY_DONE.has(errnoOf(error) ?? 0)) throw error;
    }
  if (restored.length > 0) log(`created ${restored.join(', ')} again`);
  return restored;
}

/** Restores the shapes that the Socket.IO layer of an adopted database expects. A missing right is logged, and no error. */
async function makeCompatible(connection: Connection, log: (line: string) => void): Promise<void> {
  const done: string[] = [];
  for (const { what, statements } of await planCompatibility(connection))
    try {
      for (const sql of statements) await connection.query(sql);
      done.push(what);
    } catch (error) {
      if (!isDenied(error)) throw error;
      log(`${what} cannot be made compatible with the Socket.IO layer: this account may not change it`);
    }
  if (done.length > 0) log(`made compatible with the Socket.IO layer: ${done.join(', ')}`);
}

async function lock(connection: Connection, database: string): Promise<void> {
  const [rows] = await connection.query<RowDataPacket[]>('SELECT GET_LOCK(?, ?) AS got', [
    lockName(database, 'migrate'),
    LOCK_TIMEOUT_S,
  ]);
  if (Number(rows[0]?.got) !== 1) {
    throw new MigrationError(
      `Another process has been migrating this database for ${LOCK_TIMEOUT_S} s. Try again when it is done.`,
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
      // Only the first statement after a resume can have run without a record of it.
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

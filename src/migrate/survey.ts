import type { Connection, RowDataPacket } from 'mysql2/promise';
import { findLostDefinitions, type StoredDefinition } from '../db/definitions.ts';
import { type Migration, readMigrations } from '../db/migration-files.ts';
import { type MigrationProgress, readProgress, refuseNewer } from '../db/migration-progress.ts';
import { ADOPTED } from '../platform/adoption/adopt-tables.ts';
import { type CompatibilityStep, planCompatibility } from '../platform/adoption/compatibility.ts';
import { findOldDefinitions, type OldDefinition } from '../platform/adoption/keep-definitions.ts';
import { type OldId, readAdoptions } from '../platform/adoption/progress.ts';
import { findSocketIoTables, type SocketIoTable } from '../platform/adoption/socketio-tables.ts';
import { findMissingTables, readColumns } from '../platform/tables/create.ts';
import { PLATFORM_TABLES, type PlatformTable } from '../platform/tables/definitions.ts';

/**
 * State of a database before a migration: without tables, with foreign ones, with the platform's, with those of the Socket.IO
 * generation, or with ours.
 */
export type DatabaseStart = 'empty' | 'other' | 'platform' | 'socketio' | 'ours';

/** Findings in a database, and steps to be done, in order. */
export interface Survey {
  readonly start: DatabaseStart;
  /** Definitions to be stored before ours replace them. */
  readonly definitions: readonly OldDefinition[];
  readonly renames: readonly SocketIoTable[];
  /** Tables of the platform to be created. */
  readonly missing: readonly PlatformTable[];
  readonly pending: readonly Migration[];
  readonly progress: ReadonlyMap<string, MigrationProgress>;
  /** Tables of the Socket.IO generation whose rows are to be copied. */
  readonly copies: readonly Copy[];
  /** Procedures and views that finished migrations created and that are gone. */
  readonly lost: readonly StoredDefinition[];
  /** Parts of the schema with another shape than a loaded Socket.IO layer expects, as far as they exist. */
  readonly incompatible: readonly CompatibilityStep[];
}

interface Copy {
  readonly table: SocketIoTable;
  /** Id of the last row that an earlier run copied; null: none. */
  readonly after: OldId | null;
}

/**
 * Surveys a database; changes nothing.
 *
 * @throws MigrationError when it cannot be migrated; its message names the cause.
 */
export async function survey(connection: Connection): Promise<Survey> {
  const tables = await readColumns(connection);
  const migrations = readMigrations();
  const progress = await readProgress(connection, tables);
  const { renames, kept } = await findSocketIoTables(connection, progress.has('0000_log'));
  refuseNewer(migrations, progress);
  const missing = findMissingTables(tables);
  const adoptions = tables.has('live_adoption') ? await readAdoptions(connection) : new Map();
  const copies = ADOPTED.map(({ table }) => table)
    .filter(
      (table) => renames.includes(table) || (kept.includes(table) && !adoptions.get(table.keptAs)?.finished),
    )
    .map((table) => ({ table, after: adoptions.get(table.keptAs)?.through ?? null }));
  return {
    start: startOf(),
    definitions: await findOldDefinitions(connection, new Set(progress.keys())),
    renames,
    missing,
    pending: migrations.filter(({ name }) => !progress.get(name)?.finished),
    progress,
    copies,
    incompatible: progress.size === 0 ? [] : await planCompatibility(connection),
    lost: (await findLost()).filter(({ migration }) => progress.get(migration)?.finished),
  };

  async function findLost(): Promise<StoredDefinition[]> {
    if (progress.size === 0) return [];
    return findLostDefinitions({
      query: async (sql: string) => (await connection.query<RowDataPacket[]>(sql))[0] as never,
    });
  }

  function startOf(): DatabaseStart {
    if (renames.length > 0 || copies.length > 0) return 'socketio';
    if (progress.size > 0) return 'ours';
    if (missing.length < PLATFORM_TABLES.length) return 'platform';
    return tables.size > 0 ? 'other' : 'empty';
  }
}

/** Counts the rows to be renamed or copied, by the names their tables are kept as. */
export async function countRows(
  connection: Connection,
  { renames, copies }: Pick<Survey, 'renames' | 'copies'>,
): Promise<Map<string, number>> {
  const rows = new Map<string, number>();
  for (const { name, keptAs } of renames) rows.set(keptAs, await count(name, null));
  for (const { table, after } of copies) {
    if (!rows.has(table.keptAs)) rows.set(table.keptAs, await count(table.keptAs, after));
  }
  return rows;

  async function count(table: string, after: OldId | null): Promise<number> {
    const [[row]] = await connection.query<RowDataPacket[]>(
      `SELECT COUNT(*) AS n FROM ${table} ${after === null ? '' : 'WHERE id > ?'}`,
      after === null ? [] : [after],
    );
    return Number(row?.n ?? 0);
  }
}

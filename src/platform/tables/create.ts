import type { Connection, RowDataPacket } from 'mysql2/promise';
import { errnoOf, MigrationError } from '../../db/errors.ts';
import { PLATFORM_TABLES, type PlatformTable } from './definitions.ts';
import { levelCurve } from './levels.ts';

/** Temporary name of a table until its rows are complete. */
const UNFINISHED = 'live_unfinished_level_config';

/** Errors for a foreign key whose target has other column types, or an engine without foreign keys. */
const FOREIGN_KEY_REFUSED = new Set([1005, 1215, 1822, 1824, 3780]);

/**
 * Finds the platform's missing tables, each after those it refers to.
 *
 * @param existing columns of every existing table
 * @throws MigrationError when an existing table lacks columns that the service reads.
 */
export function findMissingTables(existing: ReadonlyMap<string, ReadonlySet<string>>): PlatformTable[] {
  const lacking = PLATFORM_TABLES.flatMap(({ name, needs }) => {
    const columns = existing.get(name);
    const missing = columns === undefined ? [] : needs.filter((column) => !columns.has(column));
    return missing.length === 0 ? [] : [`${name} lacks ${missing.join(', ')}`];
  });
  if (lacking.length > 0) {
    throw new MigrationError(
      `This database has tables with the names of the platform's, but they are not the platform's: ${lacking.join('; ')}. Use another database, or add the columns.`,
    );
  }
  return PLATFORM_TABLES.filter(({ name }) => !existing.has(name));
}

/** Creates tables of the platform; one that exists by now stays as it is. */
export async function createTables(connection: Connection, missing: readonly PlatformTable[]): Promise<void> {
  for (const table of missing) {
    if (table.name === 'level_config') await createLevels(connection, table);
    else await createTable(connection, table, table.name);
  }
}

/** Reads the columns of every table, by table, in lower case. */
export async function readColumns(connection: Connection): Promise<Map<string, Set<string>>> {
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT LOWER(TABLE_NAME) AS t, LOWER(COLUMN_NAME) AS c FROM information_schema.COLUMNS
     WHERE TABLE_SCHEMA = DATABASE()`,
  );
  const tables = new Map<string, Set<string>>();
  for (const { t, c } of rows) {
    const columns = tables.get(t) ?? new Set();
    tables.set(t, columns.add(c));
  }
  return tables;
}

async function createTable(connection: Connection, table: PlatformTable, name: string): Promise<void> {
  const create = (parts: readonly string[]) =>
    connection.query(
      `CREATE TABLE IF NOT EXISTS ${name} (\n  ${parts.join(',\n  ')}\n)
       ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`,
    );
  const { columns, foreignKeys = [] } = table;
  try {
    await create([...columns, ...foreignKeys]);
  } catch (error) {
    if (!FOREIGN_KEY_REFUSED.has(errnoOf(error) ?? 0)) throw error;
    await create(columns);
  }
}

/** Creates the table of levels with its rows atomically: an empty one would be taken for the platform's own. */
async function createLevels(connection: Connection, table: PlatformTable): Promise<void> {
  await connection.query(`DROP TABLE IF EXISTS ${UNFINISHED}`);
  await createTable(connection, table, UNFINISHED);
  await connection.query(
    `INSERT INTO ${UNFINISHED} (level, xp_required, tier, sub_rank, xp_to_next) VALUES ?`,
    [levelCurve().map((row) => [row.level, row.xpRequired, row.tier, row.subRank, row.xpToNext])],
  );
  await connection.query(`RENAME TABLE ${UNFINISHED} TO ${table.name}`);
}

import type { Database } from '../../../src/db/database.ts';

/** The tables that the log consists of, as a restore of the log has them. */
export const LOG_TABLES = ['log_head', 'log_term', 'log_tail', 'notification'] as const;

/** Copies these tables as they are. Returns what restores them, in one transaction. */
export async function backUpTables(
  database: Database,
  tables: readonly string[] = LOG_TABLES,
): Promise<() => Promise<void>> {
  for (const table of tables) {
    await database.execute(`CREATE TABLE IF NOT EXISTS backup_${table} LIKE ${table}`);
    await database.execute(`DELETE FROM backup_${table}`);
    await database.execute(`INSERT INTO backup_${table} SELECT * FROM ${table}`);
  }
  return () =>
    database.transaction(async (tx) => {
      for (const table of tables) {
        await tx.execute(`DELETE FROM ${table}`);
        await tx.execute(`INSERT INTO ${table} SELECT * FROM backup_${table}`);
      }
    });
}

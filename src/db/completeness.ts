import { is } from 'drizzle-orm';
import { getTableConfig, MySqlTable } from 'drizzle-orm/mysql-core';
import type { Queries } from './database.ts';
import { errnoOf } from './errors.ts';
import * as schema from './schema.ts';

const PROCEDURES = [
  'live_acknowledge',
  'live_create_notification',
  'live_disconnect_session',
  'live_log_activity',
  'live_publish',
  'live_register_session',
];
const NO_SUCH_PROCEDURE = 1305;

/**
 * Finds what the migrations created and the database has lost since: tables, columns, storage engines that roll back,
 * procedures. Returns a sentence per loss. What this account may not see is not judged.
 */
export async function checkCompleteness(database: Pick<Queries, 'query'>): Promise<string[]> {
  return [...(await judgeTables(database)), ...(await judgeProcedures(database))];
}

async function judgeTables(database: Pick<Queries, 'query'>): Promise<string[]> {
  const present = await database.query<{ tableName: string; engine: string | null; columnName: string }>(
    `SELECT TABLE_NAME AS tableName, ENGINE AS engine, COLUMN_NAME AS columnName
       FROM information_schema.TABLES JOIN information_schema.COLUMNS USING (TABLE_SCHEMA, TABLE_NAME)
      WHERE TABLE_SCHEMA = DATABASE()`,
  );
  const losses: string[] = [];
  for (const table of Object.values(schema).filter((value) => is(value, MySqlTable))) {
    const { name, columns } = getTableConfig(table as MySqlTable);
    const rows = present.filter(({ tableName }) => tableName === name);
    const [first] = rows;
    if (first === undefined) {
      losses.push(`The table ${name} is missing, or this account may not see it: restore it from a backup.`);
      continue;
    }
    const known = new Set(rows.map(({ columnName }) => columnName));
    const missing = columns.map((column) => column.name).filter((column) => !known.has(column));
    if (missing.length > 0)
      losses.push(`The table ${name} lacks ${missing.join(', ')}: restore it from a backup.`);
    if (first.engine !== null && first.engine !== 'InnoDB')
      losses.push(
        `The table ${name} is ${first.engine}, which rolls nothing back: ALTER TABLE ${name} ENGINE = InnoDB.`,
      );
  }
  return losses;
}

/** A call without arguments runs nothing: it fails on their number where the procedure exists. */
async function judgeProcedures(database: Pick<Queries, 'query'>): Promise<string[]> {
  const missing: string[] = [];
  for (const name of PROCEDURES)
    await database.query(`CALL ${name}()`).catch((error: unknown) => {
      const errno = errnoOf(error);
      if (errno === undefined) throw error;
      if (errno === NO_SUCH_PROCEDURE) missing.push(name);
    });
  if (missing.length === 0) return [];
  const verb = missing.length === 1 ? 'is' : 'are';
  return [
    `${missing.join(', ')} ${verb} missing, as after a dump without --routines: load them from drizzle/0003_procedures.sql and the later ones.`,
  ];
}

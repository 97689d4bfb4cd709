import { is } from 'drizzle-orm';
import { getTableConfig, MySqlTable } from 'drizzle-orm/mysql-core';
import { readAccountRights } from './account-rights.ts';
import type { Queries } from './database.ts';
import { findLostDefinitions } from './definitions.ts';
import * as schema from './schema.ts';

/** Rights that the service needs on each of its tables. */
const NEEDED = ['SELECT', 'INSERT', 'UPDATE', 'DELETE'];

type Reads = Pick<Queries, 'query'>;

/**
 * Finds what the migrations created and the database has lost since: tables, columns, storage engines that roll back,
 * procedures, views; and the rights that this account lacks. Returns a sentence per loss. What this account may not see is
 * not judged.
 */
export async function checkCompleteness(database: Reads): Promise<string[]> {
  return [
    ...(await judgeTables(database)),
    ...(await judgeRights(database)),
    ...(await judgeDefinitions(database)),
  ];
}

const tables = () =>
  Object.values(schema)
    .filter((value) => is(value, MySqlTable))
    .map((table) => getTableConfig(table as MySqlTable));

async function judgeTables(database: Reads): Promise<string[]> {
  const present = await database.query<{ tableName: string; engine: string | null; columnName: string }>(
    `SELECT TABLE_NAME AS tableName, ENGINE AS engine, COLUMN_NAME AS columnName
       FROM information_schema.TABLES JOIN information_schema.COLUMNS USING (TABLE_SCHEMA, TABLE_NAME)
      WHERE TABLE_SCHEMA = DATABASE()`,
  );
  const losses: string[] = [];
  for (const { name, columns } of tables()) {
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

/** One sentence per set of rights, with the tables on which they are missing. */
async function judgeRights(database: Reads): Promise<string[]> {
  const rights = await readAccountRights(database);
  if (!rights.complete) return [];
  const all = tables();
  const lacking = new Map<string, string[]>();
  for (const { name } of all) {
    const held = rights.on(name);
    const missing = NEEDED.filter((right) => !held.has(right)).join(', ');
    if (missing !== '') lacking.set(missing, [...(lacking.get(missing) ?? []), name]);
  }
  return [...lacking].map(([missing, names]) => {
    const where = names.length === all.length ? 'the tables of the service' : names.join(', ');
    return `This account lacks ${missing} on ${where}: grant it.`;
  });
}

async function judgeDefinitions(database: Reads): Promise<string[]> {
  const missing = (await findLostDefinitions(database)).map(({ name }) => name);
  if (missing.length === 0) return [];
  const verb = missing.length === 1 ? 'is' : 'are';
  return [
    `${missing.join(', ')} ${verb} missing, as after a dump without --routines: \`codecraft-live migrate\`, with an account that may create routines, makes them again.`,
  ];
}

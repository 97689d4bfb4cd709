import { readdirSync } from 'node:fs';
import { is } from 'drizzle-orm';
import { getTableConfig, MySqlTable } from 'drizzle-orm/mysql-core';
import { expect, test } from 'vitest';
import * as schema from '../../src/db/schema.ts';
import { prepareDatabase } from '../support/database/database.ts';

const made = prepareDatabase();

const tables = Object.values(schema).filter((value) => is(value, MySqlTable));

test.each(tables.map((table) => [getTableConfig(table).name, table] as const))(
  'the migrated %s has the columns and indexes that the schema declares',
  async (name, table) => {
    const config = getTableConfig(table);
    const columns = await made.database.query(
      `SELECT COLUMN_NAME AS name, IS_NULLABLE = 'NO' AS notNull FROM information_schema.COLUMNS
       WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION`,
      [name],
    );
    expect(columns).toEqual(
      config.columns.map((column) => ({ name: column.name, notNull: column.notNull ? 1 : 0 })),
    );
    const indexes = await made.database.query<{ name: string; columns: string }>(
      `SELECT INDEX_NAME AS name, GROUP_CONCAT(COLUMN_NAME ORDER BY SEQ_IN_INDEX) AS columns
       FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? GROUP BY INDEX_NAME`,
      [name],
    );
    const primary = config.columns.filter((column) => column.primary);
    const declared = [
      ...config.indexes.map((index) => [index.config.name, index.config.columns] as const),
      ...config.primaryKeys.map((key) => ['PRIMARY', key.columns] as const),
      ...(primary.length > 0 ? [['PRIMARY', primary] as const] : []),
    ].map(([index, parts]) => ({
      name: index,
      columns: parts.map((part) => ('name' in part ? part.name : '?')).join(','),
    }));
    expect(new Set(indexes.map((index) => JSON.stringify(index)))).toEqual(
      new Set(declared.map((index) => JSON.stringify(index))),
    );
  },
);

test('the schema has every table of `src/db/tables/`', async () => {
  const folder = new URL('../../src/db/tables/', import.meta.url);
  for (const file of readdirSync(folder)) {
    const declared = Object.values(await import(new URL(file, folder).href));
    for (const table of declared.filter((value) => is(value, MySqlTable)))
      expect(tables, `${getTableConfig(table).name} of ${file}`).toContain(table);
  }
});

test('`log_tail` has a row for each keep class', async () => {
  const rows = await made.database.query<{ name: string }>('SELECT keep_class AS name FROM log_tail');
  expect(rows.map(({ name }) => name).sort()).toEqual([...schema.KEEP_CLASSES].sort());
});

test('every table of ours is InnoDB and utf8mb4, whatever the server’s defaults are', async () => {
  const rows = await made.database.query(
    `SELECT TABLE_NAME AS name, ENGINE AS engine, TABLE_COLLATION AS collation FROM information_schema.TABLES
     WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE'
     AND (ENGINE <> 'InnoDB' OR TABLE_COLLATION <> 'utf8mb4_unicode_ci')`,
  );
  expect(rows).toEqual([]);
});

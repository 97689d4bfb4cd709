import type { Queries } from '../../../src/db/database.ts';

/** Everything that makes up a database's schema, to be compared with another's. */
export async function describeSchema(database: Queries): Promise<Record<string, unknown[]>> {
  const here = '= DATABASE()';
  const part = (columns: string, table: string, where: string) =>
    database.query(
      `SELECT ${columns} FROM information_schema.${table} WHERE ${where} ${here} ORDER BY 1, 2, 3`,
    );
  return {
    tables: await part('TABLE_NAME, TABLE_TYPE, TABLE_COLLATION, ENGINE', 'TABLES', 'TABLE_SCHEMA'),
    columns: await part(
      // MySQL shows an expression as default, or NULL for the same one, depending on how the column came to it.
      `TABLE_NAME, ORDINAL_POSITION, COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE, COLLATION_NAME, EXTRA,
       IF(EXTRA = 'DEFAULT_GENERATED' AND COALESCE(COLUMN_DEFAULT, '(') LIKE '(%', 'expression', COLUMN_DEFAULT) AS columnDefault`,
      'COLUMNS',
      'TABLE_SCHEMA',
    ),
    indexes: await part(
      'TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX, COLUMN_NAME, NON_UNIQUE',
      'STATISTICS',
      'TABLE_SCHEMA',
    ),
    references: await part(
      'TABLE_NAME, REFERENCED_TABLE_NAME, DELETE_RULE',
      'REFERENTIAL_CONSTRAINTS',
      'CONSTRAINT_SCHEMA',
    ),
    routines: await part('ROUTINE_NAME, ROUTINE_TYPE, SECURITY_TYPE', 'ROUTINES', 'ROUTINE_SCHEMA'),
    views: await part(
      `TABLE_NAME, SECURITY_TYPE, REPLACE(VIEW_DEFINITION, DATABASE(), '') AS definition`,
      'VIEWS',
      'TABLE_SCHEMA',
    ),
  };
}

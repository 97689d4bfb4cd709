import type { Connection, RowDataPacket } from 'mysql2/promise';

/**
 * SQL for a moment in a column of an old table, in UTC; NULL where there is none (`0000-00-00`). A TIMESTAMP is a moment.
 * A DATETIME is what the clock of the database's server showed: it was written by CURRENT_TIMESTAMP or NOW() of sessions
 * that never asked for a zone.
 */
export async function oldMoments(connection: Connection, table: string): Promise<(column: string) => string> {
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT LOWER(COLUMN_NAME) AS name, LOWER(DATA_TYPE) AS type FROM information_schema.COLUMNS
      WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?`,
    [table],
  );
  const types = new Map(rows.map(({ name, type }) => [name, type]));
  return (column) => {
    const value = `o.\`${column}\``;
    const moment =
      types.get(column) === 'timestamp'
        ? value
        : `COALESCE(CONVERT_TZ(${value}, @@global.time_zone, '+00:00'), ${value})`;
    return `IF(YEAR(${value}) > 0, ${moment}, NULL)`;
  };
}

import type { Connection, RowDataPacket } from 'mysql2/promise';
import { serverOffset } from '../server-zone.ts';

/**
 * Makes SQL for an instant in a column of an old table, in UTC; NULL for none (`0000-00-00`). A TIMESTAMP is an instant. A
 * DATETIME is in the database server's zone: CURRENT_TIMESTAMP or NOW() of sessions without a zone of their own wrote it.
 */
export async function oldInstants(
  connection: Connection,
  table: string,
): Promise<(column: string) => string> {
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT LOWER(COLUMN_NAME) AS name, LOWER(DATA_TYPE) AS type FROM information_schema.COLUMNS
      WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?`,
    [table],
  );
  const types = new Map(rows.map(({ name, type }) => [name, type]));
  return (column) => {
    const value = `o.\`${column}\``;
    const instant =
      types.get(column) === 'timestamp' ? value : `${value} - INTERVAL (${serverOffset(value)}) SECOND`;
    return `IF(YEAR(${value}) > 0, ${instant}, NULL)`;
  };
}

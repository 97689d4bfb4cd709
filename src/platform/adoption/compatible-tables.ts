import type { Connection, RowDataPacket } from 'mysql2/promise';
import { OLD_ACTIVITY, OLD_NOTIFICATIONS, OLD_SESSIONS } from './socketio-tables.ts';

/**
 * Plans the statements after which what the Socket.IO layer writes and reads by the old names succeeds: a table of sessions
 * under the old name, and, nullable, the columns of the old tables that ours of the same name lack. The index answers the
 * layer's search for unread notifications, of which our table has none, without reading the log.
 */
export async function planCompatibleTables(connection: Connection): Promise<string[]> {
  const columns = await readOldAndOwnColumns(connection);
  const statements: string[] = [];
  if (columns.has(OLD_SESSIONS.keptAs) && !columns.has(OLD_SESSIONS.name))
    statements.push(`CREATE TABLE IF NOT EXISTS ${OLD_SESSIONS.name} LIKE ${OLD_SESSIONS.keptAs}`);
  for (const { name, keptAs } of [OLD_NOTIFICATIONS, OLD_ACTIVITY]) {
    const own = columns.get(name);
    const old = columns.get(keptAs);
    if (own === undefined || old === undefined) continue;
    const added = [...old].filter(([column]) => !own.has(column));
    if (added.length === 0) continue;
    const parts = added.map(
      ([column, type]) => `ADD COLUMN \`${column.replaceAll('`', '``')}\` ${type} NULL DEFAULT NULL`,
    );
    if (name === OLD_NOTIFICATIONS.name && added.some(([column]) => column === 'is_read'))
      parts.push('ADD INDEX notification_is_read (is_read)');
    statements.push(`ALTER TABLE ${name} ${parts.join(', ')}`);
  }
  return statements;
}

/** Types by column, by table; columns in lower case. */
async function readOldAndOwnColumns(connection: Connection): Promise<Map<string, Map<string, string>>> {
  const names = [OLD_NOTIFICATIONS, OLD_ACTIVITY, OLD_SESSIONS].flatMap(({ name, keptAs }) => [name, keptAs]);
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT TABLE_NAME AS t, LOWER(COLUMN_NAME) AS c, COLUMN_TYPE AS type FROM information_schema.COLUMNS
      WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN (?) ORDER BY TABLE_NAME, ORDINAL_POSITION`,
    [names],
  );
  const tables = new Map<string, Map<string, string>>();
  for (const { t, c, type } of rows) tables.set(t, (tables.get(t) ?? new Map()).set(c, String(type)));
  return tables;
}

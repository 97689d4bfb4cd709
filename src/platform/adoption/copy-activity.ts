import type { Connection, ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import { activityLog } from '../../db/schema.ts';
import { oldInstants } from './old-instant.ts';
import type { OldId, Page } from './progress.ts';
import { OLD_ACTIVITY } from './socketio-tables.ts';

const PAGE_ROWS = 5000;

/**
 * Reads old activity page by page. Rows keep their ids, unless one was reused by a platform that kept writing. Values that are
 * not JSON become JSON strings. Rows without a player, or with an unknown action, are not copied.
 */
export async function createActivityPages(
  connection: Connection,
): Promise<(after: OldId | null) => Promise<Page | undefined>> {
  const table = OLD_ACTIVITY.keptAs;
  const instant = await oldInstants(connection, table);
  await reserveIds(connection);
  const json = (column: string) => {
    const text = `CONVERT(o.${column} USING utf8mb4)`;
    return `IF(JSON_VALID(${text}), ${text}, JSON_QUOTE(${text}))`;
  };
  const copy = `INSERT INTO activity_log (id, player_id, action_type, contest_id, problem_id, old_value, new_value,
      timestamp, is_broadcasted)
    SELECT IF(taken.id IS NULL, o.id, NULL), o.player_id, o.action_type, o.contest_id, o.problem_id,
      ${json('old_value')}, ${json('new_value')}, COALESCE(${instant('timestamp')}, UTC_TIMESTAMP(3)),
      COALESCE(o.is_broadcasted <> 0, 0)
    FROM ${table} o LEFT JOIN activity_log taken ON taken.id = o.id
    WHERE o.id <= ? AND o.id > 0 AND o.player_id > 0 AND o.action_type IN (?)`;
  return async (after) => {
    const from = after === null ? { sql: '', values: [] } : { sql: 'o.id > ?', values: [after] };
    const [[page]] = await connection.query<RowDataPacket[]>(
      `SELECT MAX(id) AS through, COUNT(*) AS n
         FROM (SELECT o.id FROM ${table} o ${from.sql && `WHERE ${from.sql}`} ORDER BY o.id LIMIT ${PAGE_ROWS}) page`,
      from.values,
    );
    if (!page || page.through === null) return undefined;
    return {
      through: page.through,
      rows: Number(page.n),
      async copy() {
        const [{ affectedRows }] = await connection.query<ResultSetHeader>(
          `${copy} ${from.sql && `AND ${from.sql}`} ORDER BY o.id`,
          [page.through, activityLog.action.enumValues, ...from.values],
        );
        return { rows: affectedRows };
      },
    };
  };
}

/** Reserves the ids of all old rows, so that new rows get higher ones while the copy runs. */
async function reserveIds(connection: Connection): Promise<void> {
  const [[row]] = await connection.query<RowDataPacket[]>(
    `SELECT COALESCE(MAX(id), 0) + 1 AS next FROM ${OLD_ACTIVITY.keptAs}`,
  );
  await connection.query(`ALTER TABLE activity_log AUTO_INCREMENT = ${BigInt(row?.next ?? 1)}`);
}

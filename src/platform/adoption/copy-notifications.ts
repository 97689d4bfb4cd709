import type { Connection, ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import { scopes } from '../../protocol/scope.ts';
import { oldInstants } from './old-instant.ts';
import { adoptNotification, type OldNotification } from './old-notification.ts';
import type { OldId, Page } from './progress.ts';
import { OLD_NOTIFICATIONS } from './socketio-tables.ts';

const PAGE_ROWS = 1000;
/** Max size of an INSERT, about, in UTF-16 units; servers accept 16 MiB or more. */
const MAX_STATEMENT_UNITS = 1_000_000;

interface OldRow extends OldNotification {
  readonly id: OldId;
  /** Whether the player exists. */
  readonly known: number;
  readonly isRead: number;
  readonly createdAt: Date | null;
  readonly readAt: Date | null;
}

type Value = string | number | Date | null;

/**
 * Reads old notifications page by page, and appends them to the log like any others: the head moves in the transaction that
 * inserts them. Those that were read get a receipt. Notifications of deleted players are not copied, since a new player
 * could get the same id.
 */
export async function createNotificationPages(
  connection: Connection,
): Promise<(after: OldId | null) => Promise<Page | undefined>> {
  const instant = await oldInstants(connection, OLD_NOTIFICATIONS.keptAs);
  // Data larger than anything that was sent is ignored; long messages are truncated by `adoptNotification`.
  const select = `SELECT o.id, o.player_id AS playerId, p.id IS NOT NULL AS known, o.type, LEFT(o.title, 1000) AS title,
      LEFT(o.message, 20000) AS message, IF(LENGTH(o.data) <= 65535, o.data, NULL) AS data,
      COALESCE(o.is_read <> 0, o.read_at IS NOT NULL) AS isRead,
      ${instant('created_at')} AS createdAt, ${instant('read_at')} AS readAt
    FROM ${OLD_NOTIFICATIONS.keptAs} o LEFT JOIN player p ON p.id = o.player_id AND p.id > 0`;
  const [[time]] = await connection.query<RowDataPacket[]>('SELECT UTC_TIMESTAMP(3) AS now');
  let last = time?.now as Date;
  return async (after) => {
    const [rows] = await connection.query<RowDataPacket[]>(
      `${select} ${after === null ? '' : 'WHERE o.id > ?'} ORDER BY o.id LIMIT ${PAGE_ROWS}`,
      after === null ? [] : [after],
    );
    const through = rows.at(-1)?.id as OldId | undefined;
    if (through === undefined) return undefined;
    const chosen = (rows as OldRow[]).filter(({ known }) => known);
    const drafts = chosen.map((row) => {
      // Without a valid time of its own, a row was written about when the one before it was.
      const createdAt = valid(row.createdAt) ?? last;
      last = createdAt;
      const readAt = row.isRead ? (valid(row.readAt) ?? createdAt) : undefined;
      return { playerId: row.playerId, createdAt, readAt, ...adoptNotification(row) };
    });
    return {
      through,
      rows: rows.length,
      async copy() {
        if (drafts.length === 0) return { rows: 0 };
        const first = await moveHead(connection, drafts.length);
        const notifications = drafts.map((draft, index): Value[] => {
          const { playerId, type, title, message, data, createdAt } = draft;
          const id = first + index;
          return [
            id,
            id,
            scopes.player(playerId),
            'player',
            type,
            1,
            playerId,
            title,
            message,
            data,
            createdAt,
          ];
        });
        const receipts = drafts.flatMap(({ playerId, readAt }, index): Value[][] =>
          readAt === undefined ? [] : [[playerId, first + index, readAt, readAt]],
        );
        for (const part of parts(notifications)) {
          await connection.query(
            `INSERT INTO notification (id, event_id, scope, keep_class, type, inbox, player_id, title, message, data,
               created_at) VALUES ?`,
            [part],
          );
        }
        if (receipts.length > 0) {
          await connection.query(
            'INSERT INTO notification_receipt (player_id, notification_id, seen_at, read_at) VALUES ?',
            [receipts],
          );
        }
        return { rows: drafts.length, lastId: first + drafts.length - 1 };
      },
    };
  };
}

/** Takes the next `count` positions of the log. The head stays locked until the transaction ends. @returns the first */
async function moveHead(connection: Connection, count: number): Promise<number> {
  const [{ insertId }] = await connection.query<ResultSetHeader>(
    'UPDATE log_head SET head = LAST_INSERT_ID(head + ?) WHERE id = 1',
    [count],
  );
  return insertId - count + 1;
}

function valid(date: Date | null): Date | undefined {
  return date === null || Number.isNaN(date.getTime()) ? undefined : date;
}

function* parts(rows: readonly Value[][]): Generator<Value[][]> {
  let part: Value[][] = [];
  let weight = 0;
  for (const row of rows) {
    const units = row.reduce<number>(
      (sum, value) => sum + (typeof value === 'string' ? value.length : 20),
      0,
    );
    if (part.length > 0 && weight + units > MAX_STATEMENT_UNITS) {
      yield part;
      part = [];
      weight = 0;
    }
    part.push(row);
    weight += units;
  }
  yield part;
}

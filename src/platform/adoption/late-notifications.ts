import type { Database, Transaction } from '../../db/database.ts';
import { naturalKeyOf } from '../../protocol/natural-key.ts';
import { adoptNotification } from './old-notification.ts';

/** Max rows per transaction. */
const PAGE_ROWS = 100;

interface LateRow {
  readonly playerId: number | null;
  /** Whether the player exists. */
  readonly known: number;
  readonly type: string;
  readonly title: string;
  readonly message: string;
  readonly data: string;
}

/**
 * Moves what a Socket.IO layer inserted into `notification` since its tables were adopted into the outbox, oldest first, each
 * page in one transaction. Rows of players who do not exist are deleted. Rows that another transaction has locked are passed
 * over, and rows of players are not locked.
 *
 * @returns the number of rows moved
 */
export async function moveLateNotifications(
  database: Pick<Database, 'query' | 'transaction'>,
): Promise<number> {
  let moved = 0;
  for (;;) {
    // Without a lock, since there are none almost always.
    const [first] = await database.query('SELECT 1 FROM notification WHERE id < 0 LIMIT 1');
    if (first === undefined) return moved;
    const page = await database.transaction(movePage);
    moved += page.moved;
    if (page.found < PAGE_ROWS) return moved;
  }
}

async function movePage(tx: Transaction): Promise<{ readonly found: number; readonly moved: number }> {
  const free = await tx.query<{ id: string }>(
    `SELECT CAST(id AS CHAR) AS id FROM notification FORCE INDEX (PRIMARY)
      WHERE id < 0 AND type <> '' ORDER BY notification.id DESC LIMIT ${PAGE_ROWS} FOR UPDATE SKIP LOCKED`,
  );
  if (free.length === 0) return { found: 0, moved: 0 };
  const ids = free.map(({ id }) => BigInt(id));
  const rows = await tx.query<LateRow>(
    `SELECT n.player_id AS playerId, p.id IS NOT NULL AS known, n.type, n.title, n.message, n.data
       FROM notification n FORCE INDEX (PRIMARY) LEFT JOIN player p ON p.id = n.player_id AND p.id > 0
      WHERE n.id IN (?) ORDER BY n.id DESC`,
    [ids],
  );
  const events = rows.filter(({ known }) => known).map(eventOf);
  if (events.length > 0)
    await tx.execute('INSERT INTO event_outbox (type, payload, idempotency_key) VALUES ?', [events]);
  await tx.execute(
    "DELETE notification FROM notification FORCE INDEX (PRIMARY) WHERE id IN (?) AND type <> ''",
    [ids],
  );
  return { found: rows.length, moved: events.length };
}

/** Values of a row of the outbox: as `sp_create_notification` makes them. */
function eventOf(row: LateRow): [type: string, payload: string, key: string | null] {
  const playerId = row.playerId as number;
  const { type, title, message, data } = adoptNotification({ ...row, playerId });
  // An old message about a contest's start was for this player alone.
  if (type === 'CONTEST_STATUS')
    return ['ANNOUNCEMENT', JSON.stringify({ playerId, title, message, severity: 'INFO' }), null];
  const key =
    type === 'LEVEL_UP' || type === 'ACHIEVEMENT' ? naturalKeyOf(type, JSON.parse(data)) : undefined;
  return [type, data, key ?? null];
}

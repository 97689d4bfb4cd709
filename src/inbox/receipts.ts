import type { Queries } from '../db/database.ts';
import type { Which } from '../protocol/api/inbox.ts';
import type { ReceiptAction } from '../protocol/enums.ts';
import type { Scope } from '../protocol/scope.ts';
import { anyOf, inInbox } from './inbox-scopes.ts';

/** Max receipts that one statement locks. */
const CHUNK = 500;

/** Per action, which receipts it changes, and which columns it sets or clears. A time that is set already stays. */
const ACTIONS = {
  seen: { due: 'r.seen_at IS NULL', set: [1, 0, 0] },
  read: { due: 'r.read_at IS NULL', set: [1, 1, 0] },
  archived: { due: 'r.archived_at IS NULL', set: [1, 1, 1] },
  unread: { due: 'r.read_at IS NOT NULL', clear: 'read_at' },
  unarchived: { due: 'r.archived_at IS NOT NULL', clear: 'archived_at' },
} as const;

/** Filters these ids: those that are in the inbox. */
export async function idsInInbox(
  database: Pick<Queries, 'query'>,
  scopes: readonly Scope[],
  ids: readonly number[],
): Promise<number[]> {
  if (ids.length === 0) return [];
  const asked = anyOf('n.id', ids);
  const kept = inInbox(scopes);
  const rows = await database.query<{ id: number }>(
    `SELECT n.id FROM notification n WHERE ${asked.sql} AND ${kept.sql}`,
    [...asked.values, ...kept.values],
  );
  return rows.map(({ id }) => id);
}

/**
 * Writes receipts in chunks, so that no lock is held for long. Idempotent.
 * @returns ids whose receipt changed
 */
export async function writeReceipts(
  database: Pick<Queries, 'query' | 'execute'>,
  playerId: number,
  scopes: readonly Scope[],
  action: ReceiptAction,
  which: Which,
): Promise<number[]> {
  const rule = ACTIONS[action];
  const named = 'ids' in which;
  if (named && which.ids.length === 0) return [];
  const kept = inInbox(scopes);
  const chosen = named ? anyOf('n.id', which.ids) : { sql: 'n.id <= ?', values: [which.throughId] };
  const due = await database.query<{ id: number }>(
    `SELECT n.id FROM notification n FORCE INDEX (${named ? 'PRIMARY' : 'notification_inbox'})
       LEFT JOIN notification_receipt r ON r.notification_id = n.id AND r.player_id = ?
      WHERE ${kept.sql} AND ${chosen.sql} AND ${rule.due} ORDER BY n.id`,
    [playerId, ...kept.values, ...chosen.values],
  );
  const ids = due.map(({ id }) => id);
  for (let at = 0; at < ids.length; at += CHUNK) {
    const chunk = ids.slice(at, at + CHUNK);
    if ('clear' in rule) {
      await database.execute(
        `UPDATE notification_receipt SET ${rule.clear} = NULL WHERE player_id = ? AND notification_id IN (?)`,
        [playerId, chunk],
      );
      continue;
    }
    const times = rule.set.map((set) => (set ? 'UTC_TIMESTAMP(3)' : 'NULL')).join(', ');
    const rows = chunk.map((id) => `(${Math.trunc(playerId)}, ${Math.trunc(id)}, ${times})`);
    await database.execute(
      `INSERT INTO notification_receipt (player_id, notification_id, seen_at, read_at, archived_at) VALUES ${rows.join(', ')}
       ON DUPLICATE KEY UPDATE seen_at = COALESCE(seen_at, VALUES(seen_at)),
         read_at = COALESCE(read_at, VALUES(read_at)), archived_at = COALESCE(archived_at, VALUES(archived_at))`,
    );
  }
  return ids;
}

import type { Queries } from '../db/database.ts';
import type { Which } from '../protocol/api/inbox.ts';
import type { ReceiptAction } from '../protocol/enums.ts';
import type { Scope } from '../protocol/scope.ts';
import { anyOf } from './any-of.ts';

/** Max receipts that one statement locks. */
const CHUNK = 500;

/** The receipts that an action would change, and what it writes. The first time that something happened stays. */
const ACTIONS = {
  seen: { due: 'r.seen_at IS NULL', set: [1, 0, 0] },
  read: { due: 'r.read_at IS NULL', set: [1, 1, 0] },
  archived: { due: 'r.archived_at IS NULL', set: [1, 1, 1] },
  unread: { due: 'r.read_at IS NOT NULL', clear: 'read_at' },
  unarchived: { due: 'r.archived_at IS NOT NULL', clear: 'archived_at' },
} as const;

/** Of these ids, those that are in the inbox. */
export async function idsInInbox(
  database: Pick<Queries, 'query'>,
  scopes: readonly Scope[],
  ids: readonly number[],
): Promise<number[]> {
  if (ids.length === 0) return [];
  const asked = anyOf('id', ids);
  const inScopes = anyOf('scope', scopes);
  const rows = await database.query<{ id: number }>(
    `SELECT id FROM notification WHERE ${asked.sql} AND inbox = 1 AND ${inScopes.sql}`,
    [...asked.values, ...inScopes.values],
  );
  return rows.map(({ id }) => id);
}

/**
 * Writes receipts, chunk by chunk, so that no lock is held for long. Idempotent.
 * @returns the ids whose receipt became another
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
  const inScopes = anyOf('n.scope', scopes);
  const chosen = named ? anyOf('n.id', which.ids) : { sql: 'n.id <= ?', values: [which.throughId] };
  const due = await database.query<{ id: number }>(
    `SELECT n.id FROM notification n FORCE INDEX (${named ? 'PRIMARY' : 'notification_inbox'})
       LEFT JOIN notification_receipt r ON r.notification_id = n.id AND r.player_id = ?
      WHERE ${inScopes.sql} AND n.inbox = 1 AND ${chosen.sql} AND ${rule.due} ORDER BY n.id`,
    [playerId, ...inScopes.values, ...chosen.values],
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
    const now = new Date();
    const [seen, read, archived] = rule.set;
    await database.execute(
      `INSERT INTO notification_receipt (player_id, notification_id, seen_at, read_at, archived_at) VALUES ?
       ON DUPLICATE KEY UPDATE seen_at = COALESCE(seen_at, VALUES(seen_at)),
         read_at = COALESCE(read_at, VALUES(read_at)), archived_at = COALESCE(archived_at, VALUES(archived_at))`,
      [chunk.map((id) => [playerId, id, seen ? now : null, read ? now : null, archived ? now : null])],
    );
  }
  return ids;
}

import type { Queries } from '../db/database.ts';
import type { Which } from '../protocol/api/inbox.ts';
import type { ReceiptAction } from '../protocol/enums.ts';
import type { Scope } from '../protocol/scope.ts';
import { chunk } from '../util/chunk.ts';
import { type Block, dueIn, rangesOf, withinRanges } from './blocks.ts';
import { anyOf, type Condition, inInbox, type PlayerInbox } from './inbox-scopes.ts';

/** Max receipts that one statement locks. */
const CHUNK = 500;
/** Max ranges of positions per statement. */
const MAX_RANGES = 50;

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
 * Writes receipts in chunks, so that no lock is held for long. Idempotent. Of many, blocks in which the action changes nothing
 * are not read.
 * @returns ids whose receipt changed, ascending
 */
export async function writeReceipts(
  database: Pick<Queries, 'query' | 'execute'>,
  inbox: PlayerInbox,
  action: ReceiptAction,
  which: Which,
  blocks: readonly Block[] = [],
): Promise<number[]> {
  const ids: number[] = [];
  if ('ids' in which) {
    if (which.ids.length > 0)
      ids.push(...(await readDue(database, inbox, action, 'PRIMARY', anyOf('n.id', which.ids))));
  } else {
    const due = rangesOf(blocks, (block) => dueIn(block, action) > 0, { through: which.throughId });
    for (const ranges of chunk(due, MAX_RANGES))
      ids.push(...(await readDue(database, inbox, action, 'notification_inbox', withinRanges(ranges))));
  }
  for (const part of chunk(ids, CHUNK)) await writeChunk(database, inbox.playerId, action, part);
  return ids;
}

/** Reads the ids of the chosen notifications whose receipt the action changes, ascending. */
async function readDue(
  database: Pick<Queries, 'query'>,
  { playerId, scopes }: PlayerInbox,
  action: ReceiptAction,
  index: 'PRIMARY' | 'notification_inbox',
  chosen: Condition,
): Promise<number[]> {
  const kept = inInbox(scopes);
  const due = await database.query<{ id: number }>(
    `SELECT n.id FROM notification n FORCE INDEX (${index})
       LEFT JOIN notification_receipt r ON r.notification_id = n.id AND r.player_id = ?
      WHERE ${kept.sql} AND ${chosen.sql} AND ${ACTIONS[action].due} ORDER BY n.id`,
    [playerId, ...kept.values, ...chosen.values],
  );
  return due.map(({ id }) => id);
}

async function writeChunk(
  database: Pick<Queries, 'execute'>,
  playerId: number,
  action: ReceiptAction,
  ids: readonly number[],
): Promise<void> {
  const rule = ACTIONS[action];
  if ('clear' in rule) {
    await database.execute(
      `UPDATE notification_receipt SET ${rule.clear} = NULL WHERE player_id = ? AND notification_id IN (?)`,
      [playerId, ids],
    );
    return;
  }
  const times = rule.set.map((set) => (set ? 'UTC_TIMESTAMP(3)' : 'NULL')).join(', ');
  const rows = ids.map((id) => `(${Math.trunc(playerId)}, ${Math.trunc(id)}, ${times})`);
  await database.execute(
    `INSERT INTO notification_receipt (player_id, notification_id, seen_at, read_at, archived_at) VALUES ${rows.join(', ')}
     ON DUPLICATE KEY UPDATE seen_at = COALESCE(seen_at, VALUES(seen_at)),
       read_at = COALESCE(read_at, VALUES(read_at)), archived_at = COALESCE(archived_at, VALUES(archived_at))`,
  );
}

import type { Transaction } from '../db/database.ts';
import type { Block } from './blocks.ts';

export type StoredBlock = Block & { readonly countedAt: Date };

/**
 * Position from which on the blocks of an inbox may count rows that this log no longer has, after a restore or a failover:
 * where a term that began after the last block was counted covers a part of it, or where the log ends before it. NULL where
 * no block does. Takes the player's id twice.
 */
export const REPLACED_FROM = `SELECT MIN(replaced.first_id) FROM (
    SELECT t.first_id FROM log_term t JOIN (SELECT through_id, counted_at FROM inbox_block WHERE player_id = ?
      ORDER BY through_id DESC LIMIT 1) b ON t.first_id <= b.through_id AND t.begun_at > b.counted_at
    UNION ALL
    SELECT logged.last + 1 FROM (SELECT GREATEST(head, COALESCE((SELECT MAX(id) FROM notification), 0)) AS last FROM log_head) logged
     WHERE logged.last < (SELECT MAX(through_id) FROM inbox_block WHERE player_id = ?)) replaced`;

/**
 * Deletes blocks that may count rows which the log no longer has. Returns the time of what is counted from now on: not
 * before any term began, also where the database's clock was set back, so that none of it is found replaced again.
 */
export async function discardReplaced(
  tx: Transaction,
  playerId: number,
): Promise<{ readonly countedAt: Date; readonly replaced: boolean }> {
  const [row] = await tx.query<{ countedAt: Date; replacedFrom: number | null }>(
    `SELECT GREATEST(UTC_TIMESTAMP(3), COALESCE(MAX(begun_at), UTC_TIMESTAMP(3))) AS countedAt, (${REPLACED_FROM}) AS replacedFrom
       FROM log_term`,
    [playerId, playerId],
  );
  const { countedAt = new Date(), replacedFrom = null } = row ?? {};
  if (replacedFrom !== null)
    await tx.execute('DELETE FROM inbox_block WHERE player_id = ? AND through_id >= ?', [
      playerId,
      replacedFrom,
    ]);
  return { countedAt, replaced: replacedFrom !== null };
}

/** Reads the blocks of an inbox, ascending. */
export function readBlocks(tx: Transaction, playerId: number): Promise<StoredBlock[]> {
  return tx.query<StoredBlock>(
    `SELECT through_id AS throughId, kept, archived, unread, unseen, archived_unread AS archivedUnread,
            archived_unseen AS archivedUnseen, types, counted_at AS countedAt
       FROM inbox_block WHERE player_id = ? ORDER BY through_id`,
    [playerId],
  );
}

/** Stores blocks; those that nothing is left of are deleted, and their positions then belong to the next one. */
export async function storeBlocks(
  tx: Transaction,
  playerId: number,
  countedAt: Date,
  blocks: readonly Block[],
): Promise<void> {
  const empty = blocks.filter(({ kept }) => kept === 0).map(({ throughId }) => throughId);
  if (empty.length > 0)
    await tx.execute('DELETE FROM inbox_block WHERE player_id = ? AND through_id IN (?)', [playerId, empty]);
  const full = blocks.filter(({ kept }) => kept > 0);
  if (full.length === 0) return;
  const values = full.flatMap((block) => [
    playerId,
    block.throughId,
    block.kept,
    block.archived,
    block.unread,
    block.unseen,
    block.archivedUnread,
    block.archivedUnseen,
    block.types,
    countedAt,
  ]);
  await tx.execute(
    `INSERT INTO inbox_block (player_id, through_id, kept, archived, unread, unseen, archived_unread, archived_unseen,
       types, counted_at) VALUES ${full.map(() => '(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)').join(', ')}
     ON DUPLICATE KEY UPDATE kept = VALUES(kept), archived = VALUES(archived), unread = VALUES(unread),
       unseen = VALUES(unseen), archived_unread = VALUES(archived_unread), archived_unseen = VALUES(archived_unseen),
       types = VALUES(types), counted_at = VALUES(counted_at)`,
    values,
  );
}

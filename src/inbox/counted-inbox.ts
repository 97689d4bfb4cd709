import type { Database, Queries } from '../db/database.ts';
import { isRetryable, isStorageError } from '../db/errors.ts';
import type { InboxCounts } from '../protocol/api/inbox.ts';
import { type Block, type BlockCounts, countsOf, type PositionRange, withinRanges } from './blocks.ts';
import { inInbox, type PlayerInbox } from './inbox-scopes.ts';
import { BLOCK_ROWS, digestOf, settleBlocks } from './settle-blocks.ts';
import { REPLACED_FROM } from './stored-blocks.ts';

export interface CountedInbox {
  /** Ascending. */
  readonly blocks: readonly Block[];
  readonly counts: InboxCounts;
}

type InboxDatabase = Pick<Database, 'query' | 'transaction'>;
type Reads = Pick<Queries, 'query'>;

/** Number of notifications after the last block from which on blocks are made of them. */
const MAX_OPEN_ROWS = 2 * BLOCK_ROWS;

interface Limits {
  /** Only notifications up to and including this position. */
  readonly through: number;
  /** Every position up to this one is committed, and visible to all who read now. */
  readonly committed: number;
}

/**
 * Reads the counts of an inbox. What has changed since its blocks were counted is counted first, and blocks are made of what
 * has arrived since: the cost follows from the changes, not from the history. Where blocks cannot be written, since the server
 * is read-only or another transaction has locked them, all notifications are counted instead.
 */
export async function readCounts(
  database: InboxDatabase,
  inbox: PlayerInbox,
  limits: Limits,
): Promise<InboxCounts> {
  const { parts } = await readUpToDate(database, inbox, limits, sumBlocks);
  return countsOf(parts);
}

/** Reads the blocks of an inbox with its counts; what follows the last block has no block yet. */
export async function readBlocksAndCounts(
  database: InboxDatabase,
  inbox: PlayerInbox,
  limits: Limits,
): Promise<CountedInbox> {
  const { closed, parts } = await readUpToDate(database, inbox, limits, listBlocks);
  return { blocks: closed.blocks, counts: countsOf(parts) };
}

interface Closed {
  readonly parts: readonly BlockCounts[];
  /** Position of the last block; 0: there is none. */
  readonly last: number;
}

interface Counted<C extends Closed> {
  readonly closed: C;
  readonly parts: readonly BlockCounts[];
}

type ReadClosed<C extends Closed> = (database: Reads, playerId: number, through: number) => Promise<C>;

async function readUpToDate<C extends Closed>(
  database: InboxDatabase,
  inbox: PlayerInbox,
  limits: Limits,
  read: ReadClosed<C>,
): Promise<Counted<C>> {
  try {
    return await settleAndRead(database, inbox, limits, read);
  } catch (error) {
    if (!isStorageError(error) && !isRetryable(error)) throw error;
    const closed = await read(database, inbox.playerId, 0);
    return { closed, parts: [await countRange(database, inbox, [0, limits.through], undefined)] };
  }
}

async function settleAndRead<C extends Closed>(
  database: InboxDatabase,
  inbox: PlayerInbox,
  { through, committed }: Limits,
  read: ReadClosed<C>,
): Promise<Counted<C>> {
  const settle = async (): Promise<boolean> => {
    for (let progress = false; ; ) {
      const settled = await database.transaction((tx) => settleBlocks(tx, inbox, committed));
      progress ||= settled.progress;
      if (!settled.more) return progress;
    }
  };
  for (let progress = true; ; ) {
    if (progress && (await isStale(database, inbox))) {
      progress = await settle();
      continue;
    }
    const closed = await read(database, inbox.playerId, through);
    // Without progress, what is committed here ends before the blocks that another node has made.
    const open = await countRange(
      database,
      inbox,
      [closed.last, through],
      progress ? MAX_OPEN_ROWS : undefined,
    );
    if (!progress || open.kept < MAX_OPEN_ROWS) return { closed, parts: [...closed.parts, open] };
    progress = await settle();
  }
}

/** Whether anything has changed since the blocks of an inbox were counted, the rows of the log included; false where it has none. */
async function isStale(database: Reads, { playerId, scopes }: PlayerInbox): Promise<boolean> {
  const [summary] = await database.query<{
    scopes: string;
    moved: number;
    changed: number;
    replacedFrom: number | null;
  }>(
    `SELECT s.scopes,
            EXISTS (SELECT 1 FROM log_tail t WHERE t.tail <> CASE t.keep_class WHEN 'player' THEN s.player_tail
              WHEN 'contest' THEN s.contest_tail WHEN 'global' THEN s.global_tail ELSE t.tail END) AS moved,
            EXISTS (SELECT 1 FROM notification_receipt r WHERE r.player_id = ? AND r.changed_at IS NOT NULL
              AND r.notification_id <= (SELECT MAX(b.through_id) FROM inbox_block b WHERE b.player_id = ?)) AS changed,
            (${REPLACED_FROM}) AS replacedFrom
       FROM inbox_summary s WHERE s.player_id = ?`,
    [playerId, playerId, playerId, playerId, playerId],
  );
  if (summary === undefined) return false;
  const { moved, changed, replacedFrom } = summary;
  return (
    summary.scopes !== digestOf(scopes) || Number(moved) > 0 || Number(changed) > 0 || replacedFrom !== null
  );
}

async function sumBlocks(database: Reads, playerId: number, through: number): Promise<Closed> {
  const [sums] = await database.query<Record<keyof BlockCounts | 'last', number | string | null>>(
    `SELECT MAX(through_id) AS last, SUM(kept) AS kept, SUM(archived) AS archived, SUM(unread) AS unread,
            SUM(unseen) AS unseen, SUM(archived_unread) AS archivedUnread, SUM(archived_unseen) AS archivedUnseen
       FROM inbox_block WHERE player_id = ? AND through_id <= ?`,
    [playerId, through],
  );
  return { parts: [countsIn(sums)], last: Number(sums?.last ?? 0) };
}

async function listBlocks(
  database: Reads,
  playerId: number,
  through: number,
): Promise<Closed & { readonly blocks: readonly Block[] }> {
  const blocks = await database.query<Block>(
    `SELECT through_id AS throughId, kept, archived, unread, unseen, archived_unread AS archivedUnread,
            archived_unseen AS archivedUnseen, types
       FROM inbox_block WHERE player_id = ? AND through_id <= ? ORDER BY through_id`,
    [playerId, through],
  );
  return { parts: blocks, blocks, last: blocks.at(-1)?.throughId ?? 0 };
}

/** Counts the notifications of a range, or `maxRows` of them. */
async function countRange(
  database: Reads,
  { playerId, scopes }: PlayerInbox,
  range: PositionRange,
  maxRows: number | undefined,
): Promise<BlockCounts> {
  const kept = inInbox(scopes);
  const within = withinRanges([range]);
  const [row] = await database.query<Record<keyof BlockCounts, number | string | null>>(
    `SELECT COUNT(*) AS kept, SUM(r.archived_at IS NOT NULL) AS archived,
            SUM(r.archived_at IS NULL AND r.read_at IS NULL) AS unread,
            SUM(r.archived_at IS NULL AND r.seen_at IS NULL) AS unseen,
            SUM(r.archived_at IS NOT NULL AND r.read_at IS NULL) AS archivedUnread,
            SUM(r.archived_at IS NOT NULL AND r.seen_at IS NULL) AS archivedUnseen
       FROM (SELECT n.id FROM notification n FORCE INDEX (notification_inbox)
              WHERE ${kept.sql} AND ${within.sql}${maxRows === undefined ? '' : ` LIMIT ${maxRows}`}) n
       LEFT JOIN notification_receipt r ON r.notification_id = n.id AND r.player_id = ?`,
    [...kept.values, ...within.values, playerId],
  );
  return countsIn(row);
}

function countsIn(row: Partial<Record<keyof BlockCounts, number | string | null>> | undefined): BlockCounts {
  return {
    kept: Number(row?.kept ?? 0),
    archived: Number(row?.archived ?? 0),
    unread: Number(row?.unread ?? 0),
    unseen: Number(row?.unseen ?? 0),
    archivedUnread: Number(row?.archivedUnread ?? 0),
    archivedUnseen: Number(row?.archivedUnseen ?? 0),
  };
}

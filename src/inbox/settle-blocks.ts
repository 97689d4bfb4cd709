import { createHash } from 'node:crypto';
import type { Transaction } from '../db/database.ts';
import type { Scope } from '../protocol/scope.ts';
import { chunk } from '../util/chunk.ts';
import { type Block, type BlockCounts, CORRECTION, type PositionRange, withinRanges } from './blocks.ts';
import { inInbox, type PlayerInbox } from './inbox-scopes.ts';
import { discardReplaced, readBlocks, storeBlocks } from './stored-blocks.ts';

/** Notifications of a new block. */
export const BLOCK_ROWS = 512;
/** Max blocks that one transaction counts: it locks the inbox's summary meanwhile. */
const MAX_BLOCKS = 32;
/** Max blocks whose notifications one statement reads. */
const BLOCKS_PER_READ = 8;
/** Positions in which the rows of new blocks are searched first; then twice as many each time. */
const FIRST_WINDOW = 4_096;
/** Max receipts per statement. */
const MAX_RECEIPTS = 1_000;

type Tails = Readonly<Record<'player' | 'contest' | 'global', number>>;

interface Summary {
  readonly scopes: string;
  readonly tails: Tails;
}

interface Settled {
  readonly progress: boolean;
  readonly more: boolean;
}

/** Digest of the scopes of an inbox, in any order. */
export function digestOf(scopes: readonly Scope[]): string {
  return createHash('sha256')
    .update([...scopes].sort().join(' '))
    .digest('base64url')
    .slice(0, 22);
}

/**
 * Counts the blocks of an inbox again whose receipts have changed since, or whose notifications retention may have deleted, and
 * the one that was counted longest ago; makes blocks of what follows the last one, through `committed` at most. Of each it does
 * a bounded part. Where the inbox consists of other scopes than before, all blocks are made anew; where rows of the log were
 * replaced, those of these rows. Receipts that another transaction has locked are counted as they are, and again the next time.
 *
 * @returns whether anything was settled that does not have to be again, and whether more blocks can be made at once
 */
export async function settleBlocks(tx: Transaction, inbox: PlayerInbox, committed: number): Promise<Settled> {
  const { playerId } = inbox;
  const digest = digestOf(inbox.scopes);
  const before = await lockSummary(tx, playerId, digest);
  const { countedAt, replaced } = await discardReplaced(tx, playerId);
  const tails = await readTails(tx);
  // Locked before they are counted, so that a change after the count is a change since.
  const locked = await readChanged(tx, playerId, committed, 'FOR UPDATE SKIP LOCKED');
  let blocks = await readBlocks(tx, playerId);
  const pruned = blocks.filter((_, index) => isPruned(rangeOf(blocks, index), before.tails, tails));
  const anew = before.scopes !== digest || pruned.length > MAX_BLOCKS;
  if (anew) {
    await tx.execute('DELETE FROM inbox_block WHERE player_id = ?', [playerId]);
    blocks = [];
  }
  const changed = await readChanged(tx, playerId, blocks.at(-1)?.throughId ?? 0, '');
  const due = new Set(blocks.length === 0 ? [] : pruned);
  for (const block of blocksOf(blocks, changed)) if (due.size < MAX_BLOCKS) due.add(block);
  const [oldest] = blocks.toSorted((a, b) => a.countedAt.getTime() - b.countedAt.getTime());
  if (oldest) due.add(oldest);
  const recounted = await recount(tx, inbox, blocks, due);
  const made =
    due.size > MAX_BLOCKS / 2 ? [] : await makeBlocks(tx, inbox, blocks.at(-1)?.throughId ?? 0, committed);
  await storeBlocks(tx, playerId, countedAt, [...recounted, ...made]);

  const last = made.at(-1)?.throughId ?? blocks.at(-1)?.throughId ?? 0;
  const counted = new Set(recounted.map(({ throughId }) => throughId));
  const settled = locked.filter((id) => {
    const block = blocks[indexOf(blocks, id)];
    return block ? counted.has(block.throughId) : id <= last;
  });
  for (const ids of chunk(settled, MAX_RECEIPTS))
    await tx.execute(
      'UPDATE notification_receipt SET changed_at = NULL WHERE player_id = ? AND notification_id IN (?)',
      [playerId, ids],
    );
  await tx.execute(
    'UPDATE inbox_summary SET scopes = ?, player_tail = ?, contest_tail = ?, global_tail = ? WHERE player_id = ?',
    [digest, tails.player, tails.contest, tails.global, playerId],
  );
  return {
    progress: anew || replaced || pruned.length > 0 || made.length > 0 || settled.length > 0,
    more: made.length >= MAX_BLOCKS,
  };
}

/** Locks the summary of an inbox, which is made where there is none. */
async function lockSummary(tx: Transaction, playerId: number, digest: string): Promise<Summary> {
  await tx.execute(
    `INSERT INTO inbox_summary (player_id, scopes, player_tail, contest_tail, global_tail) VALUES (?, ?, 0, 0, 0)
     ON DUPLICATE KEY UPDATE player_id = VALUES(player_id)`,
    [playerId, digest],
  );
  const [row] = await tx.query<{ scopes: string } & Tails>(
    `SELECT scopes, player_tail AS player, contest_tail AS contest, global_tail AS global
       FROM inbox_summary WHERE player_id = ?`,
    [playerId],
  );
  const { scopes = digest, player = 0, contest = 0, global = 0 } = row ?? {};
  return { scopes, tails: { player, contest, global } };
}

async function readTails(tx: Transaction): Promise<Tails> {
  const rows = await tx.query<{ name: string; tail: number }>(
    'SELECT keep_class AS name, tail FROM log_tail',
  );
  const of = (name: keyof Tails) => rows.find((row) => row.name === name)?.tail ?? 0;
  return { player: of('player'), contest: of('contest'), global: of('global') };
}

/** Reads the ids, through some position, whose receipt has changed since it was counted, ascending. */
async function readChanged(
  tx: Transaction,
  playerId: number,
  through: number,
  locking: '' | 'FOR UPDATE SKIP LOCKED',
): Promise<number[]> {
  const rows = await tx.query<{ id: number }>(
    `SELECT notification_id AS id FROM notification_receipt FORCE INDEX (notification_receipt_changed)
      WHERE player_id = ? AND changed_at IS NOT NULL AND notification_id <= ? ${locking}`,
    [playerId, through],
  );
  return rows.map(({ id }) => id).sort((a, b) => a - b);
}

/** Index of the block that a position belongs to; beyond the last one where none does. */
function indexOf(blocks: readonly Block[], id: number): number {
  let [low, high] = [0, blocks.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((blocks[middle] as Block).throughId < id) low = middle + 1;
    else high = middle;
  }
  return low;
}

function blocksOf<B extends Block>(blocks: readonly B[], ids: readonly number[]): Set<B> {
  return new Set(ids.flatMap((id) => blocks[indexOf(blocks, id)] ?? []));
}

function rangeOf(blocks: readonly Block[], index: number): PositionRange {
  return [blocks[index - 1]?.throughId ?? 0, blocks[index]?.throughId ?? 0];
}

/** Whether a tail has moved within or across the range. */
function isPruned([after, through]: PositionRange, from: Tails, to: Tails): boolean {
  return (['player', 'contest', 'global'] as const).some(
    (name) => from[name] !== to[name] && from[name] <= through && to[name] > after + 1,
  );
}

async function recount(
  tx: Transaction,
  inbox: PlayerInbox,
  blocks: readonly Block[],
  due: ReadonlySet<Block>,
): Promise<Block[]> {
  const counted: Block[] = [];
  const indexes = [...blocks.keys()].filter((index) => due.has(blocks[index] as Block));
  for (const part of chunk(indexes, BLOCKS_PER_READ)) {
    const rows = await readRows(
      tx,
      inbox,
      part.map((index) => rangeOf(blocks, index)),
    );
    for (const index of part) {
      const [after, throughId] = rangeOf(blocks, index);
      counted.push(
        blockOf(
          throughId,
          rows.filter(({ id }) => id > after && id <= throughId),
        ),
      );
    }
  }
  return counted;
}

/** Counts full blocks of what follows a position. */
async function makeBlocks(
  tx: Transaction,
  inbox: PlayerInbox,
  after: number,
  committed: number,
): Promise<Block[]> {
  const made: Block[] = [];
  let waiting: ReceiptRow[] = [];
  let from = after;
  let window = FIRST_WINDOW;
  while (made.length < MAX_BLOCKS && from < committed) {
    const to = Math.min(from + window, committed);
    const rows = await readRows(tx, inbox, [[from, to]], BLOCKS_PER_READ * BLOCK_ROWS);
    const full = rows.length === BLOCKS_PER_READ * BLOCK_ROWS;
    from = full ? (rows.at(-1) as ReceiptRow).id : to;
    window = full ? FIRST_WINDOW : window * 2;
    waiting = [...waiting, ...rows];
    while (waiting.length >= BLOCK_ROWS) {
      const block = waiting.slice(0, BLOCK_ROWS);
      made.push(blockOf((block.at(-1) as ReceiptRow).id, block));
      waiting = waiting.slice(BLOCK_ROWS);
    }
  }
  return made;
}

interface ReceiptRow {
  readonly id: number;
  readonly type: string;
  readonly unseen: number;
  readonly unread: number;
  readonly archived: number;
}

function readRows(
  tx: Transaction,
  { playerId, scopes }: PlayerInbox,
  ranges: readonly PositionRange[],
  limit?: number,
): Promise<ReceiptRow[]> {
  const kept = inInbox(scopes);
  const within = withinRanges(ranges);
  return tx.query<ReceiptRow>(
    `SELECT n.id, IF(n.type = 'ANNOUNCEMENT' AND JSON_EXTRACT(n.data, '$.correction'), '${CORRECTION}', n.type) AS type,
            r.seen_at IS NULL AS unseen, r.read_at IS NULL AS unread, r.archived_at IS NOT NULL AS archived
       FROM notification n FORCE INDEX (notification_inbox)
       LEFT JOIN notification_receipt r ON r.notification_id = n.id AND r.player_id = ?
      WHERE ${kept.sql} AND ${within.sql} ORDER BY n.id${limit === undefined ? '' : ` LIMIT ${limit}`}`,
    [playerId, ...kept.values, ...within.values],
  );
}

function blockOf(throughId: number, rows: readonly ReceiptRow[]): Block {
  const count = (matches: (row: ReceiptRow) => unknown) => rows.filter(matches).length;
  const types = new Set(rows.flatMap(({ type }) => (type === CORRECTION ? [type, 'ANNOUNCEMENT'] : [type])));
  const counts: BlockCounts = {
    kept: rows.length,
    archived: count(({ archived }) => archived),
    unread: count(({ archived, unread }) => unread && !archived),
    unseen: count(({ archived, unseen }) => unseen && !archived),
    archivedUnread: count(({ archived, unread }) => unread && archived),
    archivedUnseen: count(({ archived, unseen }) => unseen && archived),
  };
  return { throughId, ...counts, types: `,${[...types].join(',')},` };
}

import type { InboxCounts } from '../protocol/api/inbox.ts';
import type { ReceiptAction } from '../protocol/enums.ts';
import type { EventType } from '../protocol/event.ts';
import type { Condition } from './inbox-scopes.ts';

/** Counts of some notifications of one inbox. */
export interface BlockCounts {
  /** All of them, archived or not. */
  readonly kept: number;
  readonly archived: number;
  /** Without what is archived, as the next. */
  readonly unread: number;
  readonly unseen: number;
  readonly archivedUnread: number;
  readonly archivedUnseen: number;
}

/** Part of an inbox: its notifications after the block before it, up to and including `throughId`. */
export interface Block extends BlockCounts {
  readonly throughId: number;
  /** Their types, each between commas: `,LEVEL_UP,ACHIEVEMENT,`. */
  readonly types: string;
}

/** Entry of `Block.types` beside `ANNOUNCEMENT` where one of them corrects another. */
export const CORRECTION = 'CORRECTION';

/** Positions after the first, up to and including the second. */
export type PositionRange = readonly [after: number, through: number];

export interface PageFilter {
  readonly unread?: boolean | undefined;
  /** Only what is archived; otherwise only what is not. */
  readonly archived?: boolean | undefined;
  readonly type?: EventType | undefined;
}

export function hasType(block: Pick<Block, 'types'>, type: EventType | typeof CORRECTION): boolean {
  return block.types.includes(`,${type},`);
}

/** Max number of notifications of a block that a filter lets through; 0: none. */
export function matchesIn(block: Block, { unread, archived, type }: PageFilter): number {
  if (type !== undefined && !hasType(block, type)) return 0;
  if (archived) return block.archived;
  const shown = block.kept - block.archived;
  if (unread === undefined) return shown;
  return unread ? block.unread : shown - block.unread;
}

/** Number of notifications of a block whose receipt an action would change. */
export function dueIn(block: BlockCounts, action: ReceiptAction): number {
  switch (action) {
    case 'seen':
      return block.unseen + block.archivedUnseen;
    case 'read':
      return block.unread + block.archivedUnread;
    case 'archived':
      return block.kept - block.archived;
    case 'unread':
      return block.kept - block.unread - block.archivedUnread;
    case 'unarchived':
      return block.archived;
  }
}

export function countsOf(parts: readonly BlockCounts[]): InboxCounts {
  let [unread, unseen, total] = [0, 0, 0];
  for (const part of parts) {
    unread += part.unread;
    unseen += part.unseen;
    total += part.kept - part.archived;
  }
  return { unread, unseen, total };
}

/**
 * Ranges of the blocks that match, and of what follows the last block, within the positions after `after` and through
 * `through`, ascending. Adjoining ones are joined.
 */
export function rangesOf(
  blocks: readonly Block[],
  matches: (block: Block) => boolean,
  { after = 0, through = Number.MAX_SAFE_INTEGER }: { readonly after?: number; readonly through?: number },
): PositionRange[] {
  const ranges: PositionRange[] = [];
  const add = (from: number, to: number) => {
    const [low, high] = [Math.max(from, after), Math.min(to, through)];
    if (low >= high) return;
    const last = ranges.at(-1);
    if (last?.[1] === low) ranges[ranges.length - 1] = [last[0], high];
    else ranges.push([low, high]);
  };
  let from = 0;
  for (const block of blocks) {
    if (matches(block)) add(from, block.throughId);
    from = block.throughId;
  }
  add(from, Number.MAX_SAFE_INTEGER);
  return ranges;
}

/** Condition that row `n` of `notification` is within one of the ranges. */
export function withinRanges(ranges: readonly PositionRange[]): Condition {
  if (ranges.length === 0) return { sql: 'FALSE', values: [] };
  return {
    sql: `(${ranges.map(() => 'n.id > ? AND n.id <= ?').join(' OR ')})`,
    values: ranges.flat(),
  };
}

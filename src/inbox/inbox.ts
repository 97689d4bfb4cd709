import type { Database } from '../db/database.ts';
import type { LogPublisher } from '../events/log-publisher.ts';
import type { InboxCounts, InboxPage, Marked, Which } from '../protocol/api/inbox.ts';
import { parseCursor } from '../protocol/cursor.ts';
import type { ReceiptAction } from '../protocol/enums.ts';
import { Problem } from '../protocol/problem.ts';
import { KeyedMutex } from '../util/keyed-mutex.ts';
import { readBlocksAndCounts, readCounts } from './counted-inbox.ts';
import { inboxScopes, type PlayerInbox } from './inbox-scopes.ts';
import { type PageRequest, readPage } from './pages.ts';
import { idsInInbox, writeReceipts } from './receipts.ts';

export interface PlayerInboxes {
  /**
   * A page, the counts, and the cursor that both are valid at. A stream opened from it delivers each later notification
   * exactly once, so a client may add what it delivers to the counts.
   */
  page(playerId: number, request: PageRequest): Promise<InboxPage>;
  counts(playerId: number): Promise<InboxCounts>;
  /** @throws Problem `not-found` where it is not in this player's inbox, whether it exists or not */
  markOne(playerId: number, action: ReceiptAction, id: number): Promise<Marked>;
  /** Ignores ids that are not in this player's inbox. */
  mark(playerId: number, action: ReceiptAction, which: Which): Promise<Marked>;
  /** Publishes receipts that were written from SQL to the player's streams. At most 1,000 ids. */
  publishReceipts(playerId: number, action: ReceiptAction, ids: readonly number[]): Promise<void>;
}

export interface InboxOptions {
  /** For requests. */
  readonly database: Pick<Database, 'query' | 'execute' | 'transaction'>;
  /** For receipts that were written from SQL. Default: `database`. */
  readonly background?: InboxReads;
  readonly publisher: Pick<LogPublisher, 'publishInternal'>;
  /** Current cursor of the log. */
  readonly cursor: () => string;
  readonly onError?: (error: unknown) => void;
}

type InboxReads = Pick<Database, 'query' | 'transaction'>;

/** Max ids that an echo lists; beyond it, the echo has `throughId`. */
const MAX_ECHOED = 1_000;

/** Opens the players' inboxes: notifications, and receipts of what was done with them. */
export function createInbox(options: InboxOptions): PlayerInboxes {
  const { database, background = database, publisher, cursor, onError } = options;
  /** Per player, changes in this process are written and echoed one after the other, so the echoes are in order. */
  const mutex = new KeyedMutex();

  const position = () => parseCursor(cursor())?.id ?? 0;

  async function open(playerId: number, reads: InboxReads): Promise<PlayerInbox> {
    return { playerId, scopes: await inboxScopes(reads, playerId) };
  }

  /** Counts of all that is committed. */
  const countAll = (inbox: PlayerInbox, reads: InboxReads) =>
    readCounts(reads, inbox, { through: Number.MAX_SAFE_INTEGER, committed: position() });

  /**
   * Publishes the change to the player's other streams. The counts are read after the change and again after the echo,
   * which is repeated while they differ. Of two concurrent changes on two nodes, the one that is echoed last has seen
   * the other, so the last echo is right. The number of rounds has no bound: they end when the changes do, and each
   * change has a caller who waits for it.
   */
  async function echo(
    playerId: number,
    action: ReceiptAction,
    which: { ids?: readonly number[]; throughId?: number },
    first: InboxCounts,
    reads: InboxReads = database,
  ): Promise<InboxCounts> {
    for (let counts = first; ; ) {
      await publisher.publishInternal('RECEIPTS', { playerId, action, ...which, counts });
      const after = await countAll(await open(playerId, reads), reads);
      if (after.unread === counts.unread && after.unseen === counts.unseen && after.total === counts.total)
        return counts;
      counts = after;
    }
  }

  async function markExclusively(playerId: number, action: ReceiptAction, which: Which): Promise<Marked> {
    const inbox = await open(playerId, database);
    const limits = { through: Number.MAX_SAFE_INTEGER, committed: position() };
    const { blocks } = 'ids' in which ? { blocks: [] } : await readBlocksAndCounts(database, inbox, limits);
    const changed = await writeReceipts(database, inbox, action, which, blocks);
    const counts = await countAll(inbox, database);
    if (changed.length === 0) return { changed: 0, counts };
    const echoed = changed.length <= MAX_ECHOED ? { ids: changed } : { throughId: changed.at(-1) as number };
    try {
      return { changed: changed.length, counts: await echo(playerId, action, echoed, counts) };
    } catch (error) {
      // The change itself is durable; a stream that missed this echo gets the counts with the next one.
      onError?.(error);
      return { changed: changed.length, counts };
    }
  }

  return {
    async page(playerId, request) {
      const at = cursor();
      const through = parseCursor(at)?.id ?? 0;
      const inbox = await open(playerId, database);
      const { blocks, counts } = await readBlocksAndCounts(database, inbox, { through, committed: through });
      const wanted = { ...request, limit: request.limit + 1 };
      const items = await readPage(database, inbox, blocks, wanted, through);
      const more = items.length > request.limit;
      const page = more ? items.slice(0, request.limit) : items;
      return { items: page, next: more ? (page.at(-1)?.id ?? null) : null, counts, cursor: at };
    },
    async counts(playerId) {
      return countAll(await open(playerId, database), database);
    },
    mark: (playerId, action, which) => mutex.run(playerId, () => markExclusively(playerId, action, which)),
    publishReceipts: (playerId, action, ids) =>
      mutex.run(playerId, async () => {
        const counts = await countAll(await open(playerId, background), background);
        await echo(playerId, action, { ids }, counts, background);
      }),
    markOne: (playerId, action, id) =>
      mutex.run(playerId, async () => {
        const scopes = await inboxScopes(database, playerId);
        const [found] = await idsInInbox(database, scopes, [id]);
        if (found === undefined) throw new Problem('not-found');
        return markExclusively(playerId, action, { ids: [id] });
      }),
  };
}

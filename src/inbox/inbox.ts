import type { Queries } from '../db/database.ts';
import type { LogPublisher } from '../events/log-publisher.ts';
import type { InboxCounts, InboxPage, Marked, Which } from '../protocol/api/inbox.ts';
import { parseCursor } from '../protocol/cursor.ts';
import type { ReceiptAction } from '../protocol/enums.ts';
import { Problem } from '../protocol/problem.ts';
import { KeyedMutex } from '../util/keyed-mutex.ts';
import { inboxScopes } from './inbox-scopes.ts';
import { type PageRequest, readCounts, readPage } from './pages.ts';
import { idsInInbox, writeReceipts } from './receipts.ts';

export interface Inbox {
  /**
   * A page, the counts, and the cursor that both are valid at: a stream opened from it misses nothing and repeats
   * nothing, so that who adds what it brings to the counts is right.
   */
  page(playerId: number, request: PageRequest): Promise<InboxPage>;
  counts(playerId: number): Promise<InboxCounts>;
  /** @throws Problem `not-found` when it is not in this player's inbox, whether it exists or not */
  markOne(playerId: number, action: ReceiptAction, id: number): Promise<Marked>;
  /** Those that are not in this player's inbox are passed over. */
  mark(playerId: number, action: ReceiptAction, which: Which): Promise<Marked>;
  /** Publishes receipts that were written from SQL to the player's streams. At most 1,000 ids. */
  publishReceipts(playerId: number, action: ReceiptAction, ids: readonly number[]): Promise<void>;
}

export interface InboxOptions {
  readonly database: Pick<Queries, 'query' | 'execute'>;
  readonly publisher: Pick<LogPublisher, 'publishInternal'>;
  /** The present cursor of the log. */
  readonly cursor: () => string;
  readonly onError?: (error: unknown) => void;
}

/** An echo names so many ids at the most; beyond it the counts must do. */
const MAX_ECHOED = 1_000;

/** What a player's notifications are, and what the player did with them. */
export function createInbox({ database, publisher, cursor, onError }: InboxOptions): Inbox {
  /** In this process a player's changes are written and echoed one after the other, so the echoes tell them in order. */
  const mutex = new KeyedMutex();

  /**
   * Tells the player's other streams. The counts are taken after the change and looked at again after the echo: of two
   * changes at once on two nodes, whichever is echoed last has then seen the other, so the last echo is right. That
   * allows no bound on the rounds; they end with the changes, each of which has a caller waiting for it.
   */
  async function echo(
    playerId: number,
    action: ReceiptAction,
    which: { ids?: readonly number[]; throughId?: number },
    first: InboxCounts,
  ): Promise<InboxCounts> {
    for (let counts = first; ; ) {
      await publisher.publishInternal('RECEIPTS', { playerId, action, ...which, counts });
      const after = await readCounts(database, playerId, await inboxScopes(database, playerId));
      if (after.unread === counts.unread && after.unseen === counts.unseen && after.total === counts.total)
        return counts;
      counts = after;
    }
  }

  async function markInTurn(playerId: number, action: ReceiptAction, which: Which): Promise<Marked> {
    const scopes = await inboxScopes(database, playerId);
    const changed = await writeReceipts(database, playerId, scopes, action, which);
    const counts = await readCounts(database, playerId, scopes);
    if (changed.length === 0) return { changed: 0, counts };
    const told = changed.length <= MAX_ECHOED ? { ids: changed } : { throughId: changed.at(-1) as number };
    try {
      return { changed: changed.length, counts: await echo(playerId, action, told, counts) };
    } catch (error) {
      // The change itself is durable; who missed the echo sees it with the next.
      onError?.(error);
      return { changed: changed.length, counts };
    }
  }

  return {
    async page(playerId, request) {
      const at = cursor();
      const through = parseCursor(at)?.id ?? 0;
      const scopes = await inboxScopes(database, playerId);
      const wanted = { ...request, limit: request.limit + 1 };
      const items = await readPage(database, playerId, scopes, wanted, through);
      const counts = await readCounts(database, playerId, scopes, through);
      const more = items.length > request.limit;
      const page = more ? items.slice(0, request.limit) : items;
      return { items: page, next: more ? (page.at(-1)?.id ?? null) : null, counts, cursor: at };
    },
    async counts(playerId) {
      return readCounts(database, playerId, await inboxScopes(database, playerId));
    },
    mark: (playerId, action, which) => mutex.run(playerId, () => markInTurn(playerId, action, which)),
    publishReceipts: (playerId, action, ids) =>
      mutex.run(playerId, async () => {
        const counts = await readCounts(database, playerId, await inboxScopes(database, playerId));
        await echo(playerId, action, { ids }, counts);
      }),
    markOne: (playerId, action, id) =>
      mutex.run(playerId, async () => {
        const scopes = await inboxScopes(database, playerId);
        const [found] = await idsInInbox(database, scopes, [id]);
        if (found === undefined) throw new Problem('not-found');
        return markInTurn(playerId, action, { ids: [id] });
      }),
  };
}

import type { InboxCounts, InboxItem, InboxPage } from '../../client/api-types.ts';
import type { EventData, Notification } from '../../protocol/event.ts';

/** What is known of an inbox. Each step gives a new one. */
export interface InboxState {
  /** Newest first, without what is archived. */
  readonly items: readonly InboxItem[];
  readonly counts: InboxCounts;
  /** The `before` of the next page; null when all are here, undefined before the first page. */
  readonly next: number | null | undefined;
  /** The position up to which the service has counted; what arrived after it is counted here. */
  readonly countedAt: number;
}

export const EMPTY: InboxState = {
  items: [],
  counts: { unread: 0, unseen: 0, total: 0 },
  next: undefined,
  countedAt: 0,
};

/** A first page, or one read again. What arrived while it was under way stays. */
export function withPage(state: InboxState, page: InboxPage): InboxState {
  const countedAt = Number.parseInt(page.cursor, 10) || 0;
  const later = state.items.filter(({ id }) => id > countedAt);
  return {
    items: [...later, ...page.items.filter(({ id }) => !later.some((item) => item.id === id))],
    counts: plus(page.counts, later.filter(({ readAt }) => readAt === null).length, later.length),
    next: page.next,
    countedAt,
  };
}

/** The page that follows. */
export function withOlder(state: InboxState, page: InboxPage): InboxState {
  const known = new Set(state.items.map(({ id }) => id));
  return {
    ...state,
    items: [...state.items, ...page.items.filter(({ id }) => !known.has(id))],
    next: page.next,
  };
}

/** Something new, as the stream told it. */
export function withArrival(state: InboxState, notification: Notification): InboxState {
  if (state.items.some(({ id }) => id === notification.id) || notification.id <= state.countedAt)
    return state;
  const item = { ...notification, seenAt: null, readAt: null, archivedAt: null } as InboxItem;
  const items = [item, ...state.items].sort((a, b) => b.id - a.id);
  return { ...state, items, counts: plus(state.counts, 1, 1) };
}

export type Change = Pick<EventData<'RECEIPTS'>, 'action' | 'ids' | 'throughId'>;

/** What a change does to the items: here before the service has answered, elsewhere when it has told of it. */
export function withChange(state: InboxState, change: Change, at: string): InboxState {
  const ids = new Set(change.ids);
  const meant = (id: number) => ids.has(id) || (change.throughId !== undefined && id <= change.throughId);
  const items = state.items.flatMap((item): InboxItem[] => {
    if (!meant(item.id)) return [item];
    const seenAt = item.seenAt ?? at;
    const readAt = item.readAt ?? at;
    if (change.action === 'archived') return [];
    if (change.action === 'seen') return [{ ...item, seenAt }];
    if (change.action === 'read') return [{ ...item, seenAt, readAt }];
    if (change.action === 'unread') return [{ ...item, readAt: null }];
    return [item];
  });
  const unread = unreadOf(items) - unreadOf(state.items);
  const unseen = unseenOf(items) - unseenOf(state.items);
  const { counts } = state;
  const guess = {
    unread: Math.max(0, counts.unread + unread),
    unseen: Math.max(0, counts.unseen + unseen),
    total: Math.max(0, counts.total + items.length - state.items.length),
  };
  const all = change.throughId !== undefined && change.throughId >= (state.items[0]?.id ?? 0);
  return {
    ...state,
    items,
    counts: all && change.action === 'read' ? { ...guess, unread: 0, unseen: 0 } : guess,
  };
}

/**
 * A list of unread items after a change: what became unread again is taken from the whole inbox, as far as that is known.
 */
export function withUnread(unread: InboxState, all: InboxState, { action, ids }: Change): InboxState {
  if (action !== 'unread') return unread;
  const known = new Set(unread.items.map(({ id }) => id));
  const back = all.items.filter(({ id }) => ids?.includes(id) && !known.has(id));
  if (back.length === 0) return unread;
  return { ...unread, items: [...unread.items, ...back].sort((a, b) => b.id - a.id) };
}

/** What the service counted at a position. It counts more than the pages that were read. */
export function withCounts(state: InboxState, counts: InboxCounts, at: number): InboxState {
  if (at < state.countedAt) return state;
  const later = state.items.filter(({ id }) => id > at);
  return { ...state, counts: plus(counts, unreadOf(later), later.length), countedAt: at };
}

/** Those that are unread. */
export const onlyUnread = (items: readonly InboxItem[]) => items.filter(({ readAt }) => readAt === null);

const unreadOf = (items: readonly InboxItem[]) => onlyUnread(items).length;
const unseenOf = (items: readonly InboxItem[]) => items.filter(({ seenAt }) => seenAt === null).length;

function plus({ unread, unseen, total }: InboxCounts, unreadMore: number, more: number): InboxCounts {
  return { unread: unread + unreadMore, unseen: unseen + more, total: total + more };
}

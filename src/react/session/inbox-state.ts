import type { InboxCounts, InboxItem, InboxPage } from '../../client/api-types.ts';
import type { EventData, Notification } from '../../protocol/event.ts';

/** Immutable state of an inbox, as far as it is loaded. */
export interface InboxState {
  /** Items that are not archived, newest first. */
  readonly items: readonly InboxItem[];
  readonly counts: InboxCounts;
  /** `before` of the next page; null when all are loaded, undefined before the first page. */
  readonly next: number | null | undefined;
  /** Position of the service's last count; later arrivals are counted here. */
  readonly countedAt: number;
}

export const EMPTY: InboxState = {
  items: [],
  counts: { unread: 0, unseen: 0, total: 0 },
  next: undefined,
  countedAt: 0,
};

/** State after the first page was loaded or reloaded. Items that arrived during the request stay. */
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

/** State after the next page was loaded. */
export function withOlder(state: InboxState, page: InboxPage): InboxState {
  const known = new Set(state.items.map(({ id }) => id));
  return {
    ...state,
    items: [...state.items, ...page.items.filter(({ id }) => !known.has(id))],
    next: page.next,
  };
}

/** State after a notification of the stream. */
export function withArrival(state: InboxState, notification: Notification): InboxState {
  if (state.items.some(({ id }) => id === notification.id) || notification.id <= state.countedAt)
    return state;
  const item = { ...notification, seenAt: null, readAt: null, archivedAt: null } as InboxItem;
  const items = [item, ...state.items.map((earlier) => withSuperseded(earlier, notification))].sort(
    (a, b) => b.id - a.id,
  );
  return { ...state, items, counts: plus(state.counts, 1, 1) };
}

/** Marks the entry that a notification takes back or corrects. */
function withSuperseded(item: InboxItem, later: Notification): InboxItem {
  const takesBack = later.type === 'SOLVE_RETRACTED' && later.data.supersedes === item.eventId;
  if (!takesBack && !isCorrectedBy(item, later)) return item;
  return { ...item, supersededBy: later.id };
}

function isCorrectedBy(item: InboxItem, later: Notification): boolean {
  const corrects =
    later.type === 'ANNOUNCEMENT_WITHDRAWN' ||
    (later.type === 'ANNOUNCEMENT' && later.data.correction === true);
  return (
    corrects &&
    item.type === 'ANNOUNCEMENT' &&
    item.supersededBy === undefined &&
    item.id < later.id &&
    item.data.announcementId !== undefined &&
    item.data.announcementId === later.data.announcementId
  );
}

export type Change = Pick<EventData<'RECEIPTS'>, 'action' | 'ids' | 'throughId'>;

/** State after a change: applied optimistically in the tab that makes it, on its receipt in the others. */
export function withChange(state: InboxState, change: Change, at: string): InboxState {
  const ids = new Set(change.ids);
  const isAffected = (id: number) =>
    ids.has(id) || (change.throughId !== undefined && id <= change.throughId);
  const items = state.items.flatMap((item): InboxItem[] => {
    if (!isAffected(item.id)) return [item];
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
  const estimate = {
    unread: Math.max(0, counts.unread + unread),
    unseen: Math.max(0, counts.unseen + unseen),
    total: Math.max(0, counts.total + items.length - state.items.length),
  };
  const all = change.throughId !== undefined && change.throughId >= (state.items[0]?.id ?? 0);
  return {
    ...state,
    items,
    counts: all && change.action === 'read' ? { ...estimate, unread: 0, unseen: 0 } : estimate,
  };
}

/** List of unread items after a change. Items that became unread again are copied from the loaded part of `all`. */
export function withUnread(unread: InboxState, all: InboxState, { action, ids }: Change): InboxState {
  if (action !== 'unread') return unread;
  const known = new Set(unread.items.map(({ id }) => id));
  const back = all.items.filter(({ id }) => ids?.includes(id) && !known.has(id));
  if (back.length === 0) return unread;
  return { ...unread, items: [...unread.items, ...back].sort((a, b) => b.id - a.id) };
}

/** State with the service's counts at position `at`. They include items that are not loaded. */
export function withCounts(state: InboxState, counts: InboxCounts, at: number): InboxState {
  if (at < state.countedAt) return state;
  const later = state.items.filter(({ id }) => id > at);
  return { ...state, counts: plus(counts, unreadOf(later), later.length), countedAt: at };
}

/** Unread items. */
export const onlyUnread = (items: readonly InboxItem[]) => items.filter(({ readAt }) => readAt === null);

const unreadOf = (items: readonly InboxItem[]) => onlyUnread(items).length;
const unseenOf = (items: readonly InboxItem[]) => items.filter(({ seenAt }) => seenAt === null).length;

function plus({ unread, unseen, total }: InboxCounts, unreadMore: number, more: number): InboxCounts {
  return { unread: unread + unreadMore, unseen: unseen + more, total: total + more };
}

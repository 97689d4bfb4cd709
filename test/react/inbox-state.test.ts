import { describe, expect, it } from 'vitest';
import type { InboxItem, InboxPage } from '../../src/client/api-types.ts';
import type { Notification } from '../../src/protocol/event.ts';
import {
  EMPTY,
  withArrival,
  withChange,
  withCounts,
  withOlder,
  withPage,
} from '../../src/react/session/inbox-state.ts';
import { AT, arrival, item } from './fixture.ts';

const page = (cursor: number, items: readonly InboxItem[], unread: number, next: number | null = null) =>
  ({
    items,
    next,
    counts: { unread, unseen: unread, total: items.length },
    cursor: `${cursor}-abcd`,
  }) as InboxPage;

describe('An inbox', () => {
  const read = withPage(EMPTY, page(10, [item(9), item(4, AT)], 1));

  it('counts what arrived after its page, once', () => {
    const more = withArrival(withArrival(read, arrival(12)), arrival(12));
    expect(more.counts).toEqual({ unread: 2, unseen: 2, total: 3 });
    expect(more.items.map(({ id }) => id)).toEqual([12, 9, 4]);
    // Replayed, though the page shows it already.
    expect(withArrival(more, arrival(8))).toBe(more);
  });

  it('marks the entry that an arrival takes back', () => {
    const solve = {
      ...arrival(12),
      eventId: 11,
      type: 'PROBLEM_SOLVED',
      data: { playerId: 7, problemId: 5 },
    };
    const retraction = {
      ...arrival(15),
      type: 'SOLVE_RETRACTED',
      data: { playerId: 7, problemId: 5, supersedes: 11 },
    };
    const later = [solve, retraction].reduce(
      (state, one) => withArrival(state, one as Notification),
      withArrival(read, arrival(10)),
    );
    expect(later.items.flatMap(({ id, supersededBy }) => (supersededBy ? [[id, supersededBy]] : []))).toEqual(
      [[12, 15]],
    );
  });

  it('keeps what arrived while a page was under way', () => {
    const early = withArrival(withArrival(EMPTY, arrival(9)), arrival(12));
    const both = withPage(early, page(10, [item(9), item(4, AT)], 1));
    expect(both.items.map(({ id }) => id)).toEqual([12, 9, 4]);
    expect(both.counts).toEqual({ unread: 2, unseen: 2, total: 3 });
  });

  it('shows a change before the service has answered', () => {
    const changed = withChange(read, { action: 'read', ids: [9] }, AT);
    expect(changed.counts.unread).toBe(0);
    expect(changed.items[0]?.readAt).toBe(AT);
    expect(withChange(changed, { action: 'unread', ids: [9] }, AT).counts.unread).toBe(1);
    const archived = withChange(read, { action: 'archived', throughId: 9 }, AT);
    expect(archived.items).toEqual([]);
    expect(archived.counts).toEqual({ unread: 0, unseen: 0, total: 0 });
  });

  it('counts nothing unread once everything is read, also of pages that are not here', () => {
    const long = withPage(EMPTY, page(10, [item(9)], 40, 9));
    expect(withChange(long, { action: 'read', throughId: 9 }, AT).counts.unread).toBe(0);
    expect(withChange(long, { action: 'read', ids: [9] }, AT).counts.unread).toBe(39);
  });

  it('believes the service’s counts, with what came since; never older ones', () => {
    const later = withArrival(withArrival(read, arrival(12)), arrival(15));
    const counted = withCounts(later, { unread: 5, unseen: 5, total: 30 }, 13);
    expect(counted.counts).toEqual({ unread: 6, unseen: 6, total: 31 });
    expect(withCounts(counted, { unread: 99, unseen: 99, total: 99 }, 12)).toBe(counted);
  });

  it('adds older pages below, each item once', () => {
    const paged = withOlder(withPage(EMPTY, page(10, [item(9)], 2, 9)), page(10, [item(9), item(3)], 2));
    expect(paged.items.map(({ id }) => id)).toEqual([9, 3]);
    expect(paged.next).toBeNull();
  });
});

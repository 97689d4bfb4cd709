import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { InboxItem, InboxPage, Marked } from '../../src/client/api-types.ts';
import { Deferred } from '../../src/client/deferred.ts';
import { Emitter } from '../../src/client/emitter.ts';
import type { LiveClient, LiveEvents } from '../../src/client/types.ts';
import type { EventData, Notification } from '../../src/protocol/event.ts';
import { createInboxStore, type InboxStore } from '../../src/react/session/inbox-store.ts';

const AT = '2026-01-02T03:04:05.000Z';
const arrival = (id: number) =>
  ({
    id,
    eventId: id,
    scope: 'player:7',
    type: 'ACHIEVEMENT',
    title: 't',
    message: 'm',
    data: { playerId: 7, achievement: 'a', name: 'A' },
    at: AT,
  }) as Notification;
const item = (id: number, readAt: string | null = null) =>
  ({ ...arrival(id), seenAt: readAt, readAt, archivedAt: null }) as InboxItem;
const counted = (unread: number, total: number) => ({ unread, unseen: unread, total });

describe('The inbox of a page', () => {
  let emitter: Emitter<LiveEvents>;
  let pages: Deferred<InboxPage>[];
  let answers: Deferred<Marked>[];
  let store: InboxStore;
  /** The unread counts that were shown, one after the other. */
  let shown: number[];

  beforeEach(() => {
    emitter = new Emitter((error) => {
      throw error;
    });
    pages = [];
    answers = [];
    shown = [];
    const ask = <T>(asked: Deferred<T>[]) => {
      asked.push(new Deferred<T>());
      return (asked.at(-1) as Deferred<T>).promise;
    };
    const mark = () => ask(answers);
    const api = {
      notifications: () => ask(pages),
      markRead: mark,
      markUnread: mark,
      archive: mark,
      markSeen: mark,
    };
    store = createInboxStore({
      on: (event: keyof LiveEvents, listener: never) => emitter.on(event, listener),
      serverNow: () => Date.parse(AT),
      api,
    } as unknown as LiveClient);
  });

  const settled = () => new Promise<void>((done) => setImmediate(done));
  const answer = async <T>(asked: Deferred<T>[], value: T, index = asked.length - 1) => {
    asked[index]?.resolve(value);
    await settled();
  };
  const page = (cursor: number, items: readonly InboxItem[], unread: number) =>
    answer(pages, { items, next: null, counts: counted(unread, items.length), cursor: `${cursor}-test` });
  const echo = (id: number, data: Omit<EventData<'RECEIPTS'>, 'playerId'>) =>
    emitter.emit('receipts', {
      id,
      scope: 'player:7',
      type: 'RECEIPTS',
      data,
    } as unknown as Notification<'RECEIPTS'>);
  const unreadIds = () => store.view.items.filter(({ readAt }) => readAt === null).map(({ id }) => id);

  async function opened(...items: readonly InboxItem[]): Promise<void> {
    store.subscribe(() => shown.push(store.view.counts.unread));
    await page(10, items, items.filter(({ readAt }) => readAt === null).length);
    shown.length = 0;
  }

  it('reads a page again that is older than what was told while it was read', async () => {
    await opened(item(9), item(4));
    emitter.emit('reset', { lost: undefined, stale: [] });
    echo(12, { action: 'read', ids: [9], counts: counted(1, 2) });
    await page(11, [item(9), item(4)], 2);
    await page(12, [item(9, AT), item(4)], 1);
    expect(pages).toHaveLength(3);
    expect(unreadIds()).toEqual([4]);
    expect(shown).not.toContain(0);
    expect(shown.slice(shown.indexOf(1))).not.toContain(2);
    expect(store.view.loading).toBe(false);
  });

  it('asks once for what contests told, and not in the moment in which everybody hears of it', async () => {
    await opened(item(9));
    const ended = { ...arrival(11), scope: 'contest:3', type: 'CONTEST_END' } as unknown as Notification;
    for (const id of [11, 12]) emitter.emit('notification', { ...ended, id } as Notification);
    await settled();
    expect(pages).toHaveLength(1);
    await vi.waitFor(() => expect(pages).toHaveLength(2));
    await page(12, [item(12), item(11), item(9)], 3);
    expect(unreadIds()).toEqual([12, 11, 9]);
    expect(pages).toHaveLength(2);
  });

  it('shows what was asked for here until it is answered, whatever else is told and read meanwhile', async () => {
    await opened(item(9), item(4));
    void store.markRead({ ids: [9] });
    void store.markUnread(9);
    void store.archive({ ids: [4] });
    expect(unreadIds()).toEqual([9]);
    // The first of them comes back by the stream.
    echo(12, { action: 'read', ids: [9], counts: counted(1, 2) });
    expect(unreadIds()).toEqual([9]);
    emitter.emit('reset', { lost: undefined, stale: [] });
    await page(12, [item(9, AT), item(4)], 1);
    expect(store.view.items.map(({ id, readAt }) => [id, readAt])).toEqual([[9, null]]);
    expect(store.view.counts).toEqual({ unread: 1, unseen: 0, total: 1 });
  });

  it('keeps each of several changes as they are answered, without a word from the stream', async () => {
    await opened(item(9), item(8), item(4));
    void store.markRead({ ids: [9] });
    void store.markRead({ ids: [8] });
    await answer(answers, { changed: 1, counts: counted(1, 3) }, 0);
    expect(unreadIds()).toEqual([4]);
    await answer(answers, { changed: 1, counts: counted(1, 3) }, 1);
    expect(unreadIds()).toEqual([4]);
    expect(store.view.counts).toEqual(counted(1, 3));
  });

  it('does not undo by a late answer what was done elsewhere since', async () => {
    await opened(item(9));
    void store.markRead({ ids: [9] });
    echo(11, { action: 'read', ids: [9], counts: counted(0, 1) });
    echo(12, { action: 'unread', ids: [9], counts: counted(1, 1) });
    await answer(answers, { changed: 1, counts: counted(0, 1) });
    expect(unreadIds()).toEqual([9]);
    expect(store.view.counts.unread).toBe(1);
  });

  it('takes back what is refused, alone, and says so', async () => {
    await opened(item(9), item(4));
    void store.markRead({ ids: [9] });
    void store.markRead({ ids: [4] });
    answers[0]?.reject(new Error('no'));
    await settled();
    expect(unreadIds()).toEqual([9]);
    expect(store.view.error).toBeDefined();
    // What became of it only the service knows.
    expect(pages).toHaveLength(2);
  });

  it('reads the inbox when a change was none: what is shown here was old', async () => {
    await opened(item(9), item(4));
    const done = store.markRead({ ids: [9] });
    // Arrives after the service has counted, and before it is heard what it counted.
    emitter.emit('notification', arrival(13));
    await answer(answers, { changed: 0, counts: counted(1, 2) });
    await page(13, [item(13), item(9, AT), item(4)], 2);
    await done;
    expect(store.view.counts).toEqual(counted(2, 3));
  });

  it('never counts below nothing, when it is told of two changes at once and knows of one', async () => {
    await opened(item(9), item(4));
    void store.archive({ ids: [9] });
    void store.archive({ ids: [4] });
    echo(12, { action: 'archived', ids: [9], counts: counted(0, 0) });
    expect(store.view.counts).toEqual(counted(0, 0));
  });

  it('is told nothing when nobody looks any more, and reads afresh when somebody does', async () => {
    const leave = store.subscribe(() => shown.push(store.view.counts.unread));
    leave();
    shown.length = 0;
    await page(10, [item(9)], 1);
    expect(shown).toEqual([]);
    emitter.emit('notification', arrival(12));
    store.subscribe(() => shown.push(store.view.counts.unread));
    await page(12, [item(12), item(9)], 2);
    expect(store.view.items.map(({ id }) => id)).toEqual([12, 9]);
    expect(shown.at(-1)).toBe(2);
  });
});

import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { InboxItem, InboxPage, InboxQuery, Marked } from '../../src/client/api-types.ts';
import { Deferred } from '../../src/client/deferred.ts';
import { Emitter } from '../../src/client/emitter.ts';
import { LiveError } from '../../src/client/live-error.ts';
import type { LiveClient, LiveEvents } from '../../src/client/types.ts';
import type { EventData, Notification } from '../../src/protocol/event.ts';
import { createInboxStore, type InboxStore } from '../../src/react/session/inbox-store.ts';
import { AT, arrival, item } from './fixture.ts';

const counted = (unread: number, total: number) => ({ unread, unseen: unread, total });

describe('The inbox of a page', () => {
  let emitter: Emitter<LiveEvents>;
  let pages: Deferred<InboxPage>[];
  let answers: Deferred<Marked>[];
  let queries: InboxQuery[];
  let store: InboxStore;
  /** The unread counts that were shown, one after the other. */
  let shown: number[];

  beforeEach(() => {
    emitter = new Emitter((error) => {
      throw error;
    });
    pages = [];
    answers = [];
    queries = [];
    shown = [];
    const ask = <T>(asked: Deferred<T>[]) => {
      asked.push(new Deferred<T>());
      return (asked.at(-1) as Deferred<T>).promise;
    };
    const mark = () => ask(answers);
    const api = {
      notifications: (query: InboxQuery) => {
        queries.push(query);
        return ask(pages);
      },
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

  it('reads a page again that is older than what arrived while it was read', async () => {
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

  it('asks once for what contests published, and not in the moment in which every client receives it', async () => {
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

  it('shows what was asked for here until it is answered, whatever else arrives and is read meanwhile', async () => {
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
    // Arrives after the service has counted, and before its answer arrives.
    emitter.emit('notification', arrival(13));
    await answer(answers, { changed: 0, counts: counted(1, 2) });
    await page(13, [item(13), item(9, AT), item(4)], 2);
    await done;
    expect(store.view.counts).toEqual(counted(2, 3));
  });

  it('never counts below nothing, when it receives two changes at once and knows of one', async () => {
    await opened(item(9), item(4));
    void store.archive({ ids: [9] });
    void store.archive({ ids: [4] });
    echo(12, { action: 'archived', ids: [9], counts: counted(0, 0) });
    expect(store.view.counts).toEqual(counted(0, 0));
  });

  const given = (items: readonly InboxItem[], unread: number, next: number | null, cursor = 10) => ({
    items,
    next,
    counts: counted(unread, 40),
    cursor: `${cursor}-test`,
  });

  it('reads again what could not be read, and counts nothing before', async () => {
    store.subscribe(() => shown.push(store.view.counts.unread));
    for (let round = 0; round < 2; round++) {
      pages.at(-1)?.reject(new LiveError(round === 0 ? 'network' : 'silent', 'no'));
      await settled();
      expect(store.view).toMatchObject({
        loading: false,
        error: { code: round === 0 ? 'network' : 'silent' },
      });
      emitter.emit('notification', arrival(20 + round));
      expect(store.view.counts.unread).toBe(0);
      await vi.waitFor(() => expect(pages).toHaveLength(round + 2));
    }
    await page(21, [item(21), item(20), item(9)], 7);
    expect(store.view.counts.unread).toBe(7);
    expect(store.view.error).toBeUndefined();
    expect(new Set(shown)).toEqual(new Set([0, 7]));
  });

  it('reads again at once when there is a stream, also where the service itself refused', async () => {
    store.subscribe(() => {});
    pages[0]?.reject(new LiveError('no-player', 'no', { status: 403 }));
    await settled();
    expect(store.view.error).toMatchObject({ code: 'no-player' });
    emitter.emit('open', {} as never);
    await page(10, [item(9)], 1);
    expect(store.view).toMatchObject({ error: undefined, counts: { unread: 1 } });
    emitter.emit('open', {} as never);
    expect(pages).toHaveLength(2);
  });

  it('asks the service for what is unread, page after page', async () => {
    store.subscribe(() => {});
    await answer(pages, given([item(9, AT), item(8, AT)], 25, 8));
    const release = store.watchUnread();
    expect(store.view.unread.next).toBeUndefined();
    await answer(pages, given([item(9, AT), item(8, AT)], 25, 8));
    expect(queries.at(-1)).toMatchObject({ unread: true });
    await answer(pages, given([item(4), item(3)], 25, 3));
    expect(store.view.unread.items.map(({ id }) => id)).toEqual([4, 3]);
    void store.loadOlder('unread');
    expect(queries.at(-1)).toMatchObject({ unread: true, before: 3 });
    await answer(pages, given([item(2)], 25, null));
    expect(store.view.unread).toMatchObject({ next: null });
    void store.markRead({ ids: [3] });
    expect(store.view.unread.items.map(({ id }) => id)).toEqual([4, 2]);
    await answer(answers, { changed: 1, counts: counted(24, 40) });
    void store.markUnread(9);
    expect(store.view.unread.items.map(({ id }) => id)).toEqual([9, 4, 2]);
    emitter.emit('notification', arrival(30));
    expect(store.view.unread.items.map(({ id }) => id)).toEqual([30, 9, 4, 2]);
    release();
  });

  it('goes on to the pages that follow when all that was loaded of the unread is read', async () => {
    store.subscribe(() => {});
    await answer(pages, given([item(9), item(8)], 3, 8));
    store.watchUnread();
    await answer(pages, given([item(9), item(8)], 3, 8));
    await answer(pages, given([item(9), item(8)], 3, 8));
    void store.markRead({ throughId: 9 });
    await settled();
    expect(queries.at(-1)).toMatchObject({ unread: true, before: 8 });
    await answer(pages, given([item(2)], 1, null));
    // `throughId` reads it as well, before the service has answered.
    expect(store.view.unread).toMatchObject({ items: [], next: null });
  });

  it('receives nothing without a subscriber, and reads afresh for a new one', async () => {
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

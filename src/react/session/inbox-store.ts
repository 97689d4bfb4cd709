import type { InboxPage, InboxQuery, Marked, Which } from '../../client/api-types.ts';
import { LiveError } from '../../client/live-error.ts';
import type { LiveClient } from '../../client/types.ts';
import { inboxMembership } from '../../protocol/inbox-scope-kinds.ts';
import {
  type Change,
  EMPTY,
  type InboxState,
  onlyUnread,
  withArrival,
  withChange,
  withCounts,
  withOlder,
  withPage,
  withUnread,
} from './inbox-state.ts';
import { createRepeatedRead } from './repeated-read.ts';

/** Immutable view of an inbox: each change creates a new object. */
export interface InboxView extends Omit<InboxState, 'countedAt'> {
  /** Unread items, maintained while `watchUnread` is in use. */
  readonly unread: Pick<InboxState, 'items' | 'next'>;
  readonly loading: boolean;
  /** The last unresolved error. A failed change is reverted, a failed read is retried. */
  readonly error: LiveError | undefined;
}

/** Lists of an inbox. */
export type InboxList = 'all' | 'unread';

/** The player's inbox, synchronized with the service. Its methods resolve on the service's answer; none rejects. */
export interface InboxStore {
  readonly view: InboxView;
  /** Adds a listener; the first one starts to load the inbox. Returns the function that removes it. */
  subscribe(listener: () => void): () => void;
  /** Maintains the list of unread items, too. Returns the function that stops it. */
  watchUnread(): () => void;
  loadOlder(list?: InboxList): Promise<void>;
  markSeen(which: Which): Promise<void>;
  markRead(which: Which): Promise<void>;
  markUnread(id: number): Promise<void>;
  archive(which: Which): Promise<void>;
  reload(): Promise<void>;
}

/** Optimistic change without an answer yet. */
interface Pending {
  readonly change: Change;
  readonly at: string;
}

/** View before the inbox is loaded. */
export const NO_INBOX: InboxView = {
  items: EMPTY.items,
  counts: EMPTY.counts,
  next: undefined,
  unread: { items: EMPTY.items, next: undefined },
  loading: true,
  error: undefined,
};

const PAGE_SIZE = 30;

export function createInboxStore(client: LiveClient): InboxStore {
  const listeners = new Set<() => void>();
  /** State confirmed by the service; pending changes are applied on top of it in the view. */
  let lists: Readonly<Record<InboxList, InboxState>> = { all: EMPTY, unread: EMPTY };
  let watchers = 0;
  let pending: readonly Pending[] = [];
  let view = NO_INBOX;
  /** Unresolved errors by operation. */
  let errors: Readonly<Partial<Record<'change' | 'older' | 'read', LiveError | undefined>>> = {};
  let unlisten: (() => void) | undefined;
  let filling = false;
  /** Receipts received from the stream. */
  let receipts = 0;
  /** Known changes: receipts, and changes that were answered here. */
  let changesMade = 0;
  const reads = createRepeatedRead({ read, retryable, onEnd: () => set({}, false) });

  function set(next: Partial<typeof lists>, loading = view.loading): void {
    lists = { ...lists, ...next };
    const shown = pending.reduce((known, { change, at }) => changed(known, change, at), lists);
    const { items, counts, next: before } = shown.all;
    const unread = { items: onlyUnread(shown.unread.items), next: shown.unread.next };
    view = {
      items,
      // Arrivals before the first page are only a part of the inbox.
      counts: before === undefined ? EMPTY.counts : counts,
      next: before,
      unread,
      loading,
      error: errors.change ?? errors.older ?? errors.read,
    };
    for (const listener of listeners) listener();
    // Every loaded item is read: unread items are on the following pages.
    if (watchers > 0 && !filling && unread.items.length === 0 && typeof unread.next === 'number') void fill();
  }

  async function fill(): Promise<void> {
    filling = true;
    const filled = await loadOlder('unread');
    filling = false;
    if (filled) set({});
  }

  /** Applies a step to both lists. */
  function each(step: (state: InboxState) => InboxState): typeof lists {
    return { all: step(lists.all), unread: step(lists.unread) };
  }

  function changed(known: typeof lists, what: Change, at: string): typeof lists {
    const all = withChange(known.all, what, at);
    return { all, unread: withUnread(withChange(known.unread, what, at), all, what) };
  }

  /** Reads the first page of each list that is in use. Returns whether that succeeded. */
  function read(): Promise<boolean> {
    set({}, true);
    return attempt('read', async () => {
      const all = await page({});
      set({ all: withPage(lists.all, all) });
      if (watchers === 0) return;
      const unread = await page({ unread: true });
      set({ unread: withPage(lists.unread, unread) });
    });
  }

  /** Whether a failed read may succeed later, and then what the service asks to wait, in ms. */
  function retryable(): { readonly askedMs: number | undefined } | undefined {
    const { status = 0, isFromService, retryAfterMs } = errors.read ?? {};
    const isTransient = status >= 500 || [408, 409, 425, 429].includes(status);
    return isFromService && !isTransient ? undefined : { askedMs: retryAfterMs };
  }

  /** Reads a page. Repeats the request if a change was made meanwhile, because the page may or may not include it. */
  async function page(query: InboxQuery): Promise<InboxPage> {
    for (;;) {
      const before = changesMade;
      const found = await client.api.notifications({ limit: PAGE_SIZE, ...query });
      if (before === changesMade) return found;
    }
  }

  /** Applies a change optimistically and reverts it if the service refuses it. */
  async function change(what: Change, request: () => Promise<Marked>): Promise<void> {
    const mine: Pending = { change: what, at: new Date(client.serverNow()).toISOString() };
    pending = [...pending, mine];
    errors = { ...errors, change: undefined };
    set({});
    const [receiptsBefore, changesBefore] = [receipts, changesMade];
    let answer: Marked | undefined;
    await attempt('change', async () => {
      answer = await request();
    });
    const alone = pending.length === 1 && changesMade === changesBefore;
    pending = pending.filter((one) => one !== mine);
    if (answer === undefined) {
      set({});
      return reads.now();
    }
    const { counts } = answer;
    changesMade += 1;
    // A receipt received meanwhile may be later than this change, so it takes precedence.
    if (receipts === receiptsBefore) lists = changed(lists, what, mine.at);
    set(alone ? each((state) => withCounts(state, counts, newestOf(lists))) : {});
    // The service changed nothing: the view was out of date, and no receipt will follow.
    if (answer.changed === 0) await reads.now();
  }

  async function loadOlder(list: InboxList): Promise<boolean> {
    const before = lists[list].next;
    if (before === null || before === undefined) return true;
    const loaded = await attempt('older', async () => {
      const older = await page({ before, ...(list === 'unread' ? { unread: true } : {}) });
      set({ [list]: withOlder(lists[list], older) });
    });
    if (loaded) set({});
    return loaded;
  }

  /** Runs an operation. Returns whether it succeeded; its error is shown until the same operation succeeds. */
  async function attempt(what: keyof typeof errors, work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      if (what !== 'change') errors = { ...errors, [what]: undefined };
      return true;
    } catch (cause) {
      const error =
        cause instanceof LiveError
          ? cause
          : new LiveError('unexpected-answer', 'the answer could not be used', { cause });
      errors = { ...errors, [what]: error };
      set({});
      return false;
    }
  }

  function listen(): () => void {
    const stops = [
      client.on('receipts', ({ id, data }) => {
        receipts += 1;
        changesMade += 1;
        // The loaded page includes it already.
        if (id <= lists.all.countedAt) return;
        lists = changed(lists, data, new Date(client.serverNow()).toISOString());
        set(each((state) => withCounts(state, data.counts, id)));
        const allLoaded = data.action !== 'unread' || data.ids?.every((one) => isKnown(one));
        if (data.action === 'unarchived' || (watchers > 0 && !allLoaded)) void reads.now();
      }),
      client.on('notification', (notification) => {
        const membership = inboxMembership(notification);
        if (membership === 'yes') set(each((state) => withArrival(state, notification)));
        if (membership === 'unknown') reads.soon();
      }),
      client.on('reset', () => void reads.now()),
      // A new stream: the cause of the failed read may be over.
      client.on('open', () => {
        if (errors.read !== undefined) void reads.now();
      }),
    ];
    return () => {
      reads.stop();
      for (const one of stops) one();
    };
  }

  function isKnown(wanted: number): boolean {
    return lists.all.items.some(({ id }) => id === wanted);
  }

  return {
    get view() {
      return view;
    },
    subscribe(listener) {
      listeners.add(listener);
      if (unlisten === undefined) {
        reads.start();
        unlisten = listen();
        void reads.now();
      }
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        unlisten?.();
        unlisten = undefined;
      };
    },
    reload: reads.now,
    watchUnread() {
      watchers += 1;
      if (watchers === 1) {
        // The list was not maintained without watchers.
        lists = { ...lists, unread: EMPTY };
        void reads.now();
      }
      let watching = true;
      return () => {
        if (watching) watchers -= 1;
        watching = false;
      };
    },
    async loadOlder(list = 'all') {
      await loadOlder(list);
    },
    markSeen: (which) => change({ action: 'seen', ...listed(which) }, () => client.api.markSeen(which)),
    markRead: (which) => change({ action: 'read', ...listed(which) }, () => client.api.markRead(which)),
    markUnread: (id) => change({ action: 'unread', ids: [id] }, () => client.api.markUnread(id)),
    archive: (which) => change({ action: 'archived', ...listed(which) }, () => client.api.archive(which)),
  };
}

function newestOf({ all }: Readonly<Record<InboxList, InboxState>>): number {
  return Math.max(all.countedAt, all.items[0]?.id ?? 0);
}

function listed(which: Which): { ids: number[] } | { throughId: number } {
  return 'ids' in which ? { ids: [...which.ids] } : { throughId: which.throughId };
}

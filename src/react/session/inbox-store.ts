import type { InboxPage, InboxQuery, Marked, Which } from '../../client/api-types.ts';
import { type Backoff, reconnectDelay } from '../../client/backoff.ts';
import { LiveError } from '../../client/live-error.ts';
import type { LiveClient } from '../../client/types.ts';
import type { Notification } from '../../protocol/event.ts';
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

/** An inbox as it can be shown. A new object with every change. */
export interface InboxView extends Omit<InboxState, 'countedAt'> {
  /** Only what is unread, while somebody asks for that. */
  readonly unread: Pick<InboxState, 'items' | 'next'>;
  readonly loading: boolean;
  /** What went wrong last and is not mended yet: a change that failed is taken back, a reading that failed is repeated. */
  readonly error: LiveError | undefined;
}

/** Which of an inbox's lists. */
export type InboxList = 'all' | 'unread';

/** The player's inbox, kept in step with the service. Its methods settle when the service has answered; none rejects. */
export interface InboxStore {
  readonly view: InboxView;
  /** The first listener makes it read the inbox. */
  subscribe(listener: () => void): () => void;
  /** Keeps the list of what is unread, too, until it is released. */
  watchUnread(): () => void;
  loadOlder(list?: InboxList): Promise<void>;
  markSeen(which: Which): Promise<void>;
  markRead(which: Which): Promise<void>;
  markUnread(id: number): Promise<void>;
  archive(which: Which): Promise<void>;
  reload(): Promise<void>;
}

/** A change that was asked for here and is not answered yet. */
interface Pending {
  readonly change: Change;
  readonly at: string;
}

/** What an inbox shows before anything is known. */
export const NO_INBOX: InboxView = {
  items: EMPTY.items,
  counts: EMPTY.counts,
  next: undefined,
  unread: { items: EMPTY.items, next: undefined },
  loading: true,
  error: undefined,
};

const PAGE = 30;
/** Between attempts to read the inbox. */
const BACKOFF: Backoff = { firstMs: 1_000, mostMs: 30_000 };
/** All who watch a contest hear of it in the same moment; their questions are spread over so many ms. */
const SPREAD_MS = 2_000;

export function createInboxStore(client: LiveClient): InboxStore {
  const listeners = new Set<() => void>();
  /** As the service said; what is pending is shown on top of it. */
  let lists: Readonly<Record<InboxList, InboxState>> = { all: EMPTY, unread: EMPTY };
  let watchers = 0;
  let pending: readonly Pending[] = [];
  let view = NO_INBOX;
  /** What went wrong and is not mended, by what was tried. */
  let mistakes: Readonly<Partial<Record<'change' | 'older' | 'read', LiveError | undefined>>> = {};
  let stop: (() => void) | undefined;
  let reading: Promise<void> | undefined;
  let again = false;
  let soon: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let filling = false;
  /** Changes that the stream told of, and all that are known to have been made. */
  let echoes = 0;
  let made = 0;

  function set(next: Partial<typeof lists>, loading = view.loading): void {
    lists = { ...lists, ...next };
    const shown = pending.reduce((known, { change, at }) => changed(known, change, at), lists);
    const { items, counts, next: before } = shown.all;
    const unread = { items: onlyUnread(shown.unread.items), next: shown.unread.next };
    view = {
      items,
      // What arrives before the first page is not all there is.
      counts: before === undefined ? EMPTY.counts : counts,
      next: before,
      unread,
      loading,
      error: mistakes.change ?? mistakes.older ?? mistakes.read,
    };
    for (const listener of listeners) listener();
    // All that was loaded is read by now: what is unread lies on the pages that follow.
    if (watchers > 0 && !filling && unread.items.length === 0 && typeof unread.next === 'number') void fill();
  }

  async function fill(): Promise<void> {
    filling = true;
    const filled = await loadOlder('unread');
    filling = false;
    if (filled) set({});
  }

  /** Both lists after the same step. */
  function each(step: (state: InboxState) => InboxState): typeof lists {
    return { all: step(lists.all), unread: step(lists.unread) };
  }

  function changed(known: typeof lists, what: Change, at: string): typeof lists {
    const all = withChange(known.all, what, at);
    return { all, unread: withUnread(withChange(known.unread, what, at), all, what) };
  }

  /** What asks while it is being read is answered by reading it once more. */
  function reload(): Promise<void> {
    again = reading !== undefined;
    reading ??= read();
    return reading;
  }

  function reloadSoon(): void {
    soon ??= setTimeout(() => {
      soon = undefined;
      void reload();
    }, Math.random() * SPREAD_MS);
  }

  async function read(): Promise<void> {
    clearTimeout(retry);
    retry = undefined;
    let whole = true;
    do {
      again = false;
      set({}, true);
      whole = await attempt('read', async () => {
        const all = await page({});
        set({ all: withPage(lists.all, all) });
        if (watchers === 0) return;
        const unread = await page({ unread: true });
        set({ unread: withPage(lists.unread, unread) });
      });
    } while (again);
    reading = undefined;
    failures = whole ? 0 : failures + 1;
    if (!whole) retryLater();
    set({}, false);
  }

  /** A reading that failed is repeated while somebody looks, unless the service itself said that there is nothing to read. */
  function retryLater(): void {
    const { read: error } = mistakes;
    const { status = 0, isFromService, retryAfterMs } = error ?? {};
    const passes = status >= 500 || [408, 409, 425, 429].includes(status);
    if (stop === undefined || (isFromService && !passes)) return;
    const wait = reconnectDelay({ failures, reason: undefined, askedMs: retryAfterMs }, BACKOFF, Math.random);
    retry = setTimeout(() => void reload(), wait);
  }

  /** A page during which no change was made: one that was might show in it, or not. */
  async function page(query: InboxQuery): Promise<InboxPage> {
    for (;;) {
      const before = made;
      const found = await client.api.notifications({ limit: PAGE, ...query });
      if (before === made) return found;
    }
  }

  /** Shows the change at once, and takes it back when the service refuses it. */
  async function change(what: Change, ask: () => Promise<Marked>): Promise<void> {
    const mine: Pending = { change: what, at: new Date(client.serverNow()).toISOString() };
    pending = [...pending, mine];
    mistakes = { ...mistakes, change: undefined };
    set({});
    const [echoesBefore, madeBefore] = [echoes, made];
    let answer: Marked | undefined;
    await attempt('change', async () => {
      answer = await ask();
    });
    const alone = pending.length === 1 && made === madeBefore;
    pending = pending.filter((one) => one !== mine);
    if (answer === undefined) {
      set({});
      return reload();
    }
    const { counts } = answer;
    made += 1;
    // What the stream told since may be later than this: it has the last word.
    if (echoes === echoesBefore) lists = changed(lists, what, mine.at);
    set(alone ? each((state) => withCounts(state, counts, newestOf(lists))) : {});
    // Nothing became another there, so what is shown here was old, and no stream will tell.
    if (answer.changed === 0) await reload();
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

  /** Whether the work succeeded. What went wrong is shown until the same succeeds. */
  async function attempt(what: keyof typeof mistakes, work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      if (what !== 'change') mistakes = { ...mistakes, [what]: undefined };
      return true;
    } catch (cause) {
      const error =
        cause instanceof LiveError
          ? cause
          : new LiveError('unexpected-answer', 'the answer could not be used', { cause });
      mistakes = { ...mistakes, [what]: error };
      set({});
      return false;
    }
  }

  function listen(): () => void {
    const stops = [
      client.on('receipts', ({ id, data }) => {
        echoes += 1;
        made += 1;
        // The page that was read shows it already, and perhaps what followed.
        if (id <= lists.all.countedAt) return;
        lists = changed(lists, data, new Date(client.serverNow()).toISOString());
        set(each((state) => withCounts(state, data.counts, id)));
        const here = data.action !== 'unread' || data.ids?.every((one) => isKnown(one));
        if (data.action === 'unarchived' || (watchers > 0 && !here)) void reload();
      }),
      client.on('notification', (notification) => {
        const kept = keeping(notification);
        if (kept === 'certainly') set(each((state) => withArrival(state, notification)));
        if (kept === 'perhaps') reloadSoon();
      }),
      client.on('reset', () => void reload()),
      // Whatever the reading failed of may be over.
      client.on('open', () => {
        if (mistakes.read !== undefined) void reload();
      }),
    ];
    return () => {
      clearTimeout(soon);
      clearTimeout(retry);
      soon = undefined;
      retry = undefined;
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
      if (stop === undefined) {
        stop = listen();
        void reload();
      }
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        stop?.();
        stop = undefined;
      };
    },
    reload,
    watchUnread() {
      watchers += 1;
      if (watchers === 1) {
        // Nobody kept it up to date meanwhile.
        lists = { ...lists, unread: EMPTY };
        void reload();
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

/**
 * Whether a notification is in the player's inbox. What goes to a contest is, for those who take part, which only the
 * service knows.
 */
function keeping({ scope, type }: Notification): 'certainly' | 'perhaps' | 'no' {
  if (type === 'RECEIPTS') return 'no';
  if (scope.startsWith('player:')) return 'certainly';
  if (scope === 'global') return type === 'ANNOUNCEMENT' ? 'certainly' : 'no';
  return type === 'ANNOUNCEMENT' || type === 'CONTEST_STATUS' || type === 'CONTEST_END' ? 'perhaps' : 'no';
}

function listed(which: Which): { ids: number[] } | { throughId: number } {
  return 'ids' in which ? { ids: [...which.ids] } : { throughId: which.throughId };
}

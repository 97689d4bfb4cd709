import type { InboxPage, InboxQuery, Marked, Which } from '../../client/api-types.ts';
import type { LiveError } from '../../client/live-error.ts';
import type { LiveClient } from '../../client/types.ts';
import type { Notification } from '../../protocol/event.ts';
import {
  type Change,
  EMPTY,
  type InboxState,
  withArrival,
  withChange,
  withCounts,
  withOlder,
  withPage,
} from './inbox-state.ts';

/** An inbox as it can be shown. A new object with every change. */
export interface InboxView extends Omit<InboxState, 'countedAt'> {
  readonly loading: boolean;
  /** What went wrong last; the change that failed is taken back. */
  readonly error: LiveError | undefined;
}

/** The player's inbox, kept in step with the service. Its methods settle when the service has answered; none rejects. */
export interface InboxStore {
  readonly view: InboxView;
  /** The first listener makes it read the inbox. */
  subscribe(listener: () => void): () => void;
  loadOlder(): Promise<void>;
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
  loading: true,
  error: undefined,
};

const PAGE = 30;
/** All who watch a contest hear of it in the same moment; their questions are spread over so many ms. */
const SPREAD_MS = 2_000;

export function createInboxStore(client: LiveClient): InboxStore {
  const listeners = new Set<() => void>();
  /** As the service told it; what is pending is shown on top of it. */
  let state = EMPTY;
  let pending: readonly Pending[] = [];
  let view = NO_INBOX;
  let stop: (() => void) | undefined;
  let reading: Promise<void> | undefined;
  let again = false;
  let soon: ReturnType<typeof setTimeout> | undefined;
  /** Changes that the stream told of, and all that are known to have been made. */
  let echoes = 0;
  let made = 0;

  function set(next: InboxState, more: Partial<Pick<InboxView, 'loading' | 'error'>> = {}): void {
    state = next;
    const shown = pending.reduce((known, { change, at }) => withChange(known, change, at), state);
    const { items, counts, next: before } = shown;
    view = { ...view, items, counts, next: before, ...more };
    for (const listener of listeners) listener();
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
    do {
      again = false;
      set(state, { loading: true });
      await attempt(async () => set(withPage(state, await page({}))));
    } while (again);
    reading = undefined;
    set(state, { loading: false });
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
    set(state, { error: undefined });
    const [echoesBefore, madeBefore] = [echoes, made];
    let answer: Marked | undefined;
    await attempt(async () => {
      answer = await ask();
    });
    const alone = pending.length === 1 && made === madeBefore;
    pending = pending.filter((one) => one !== mine);
    if (answer === undefined) {
      set(state);
      return reload();
    }
    made += 1;
    // What the stream told since may be later than this: it has the last word.
    const after = echoes === echoesBefore ? withChange(state, what, mine.at) : state;
    const newest = Math.max(after.countedAt, after.items[0]?.id ?? 0);
    set(alone ? withCounts(after, answer.counts, newest) : after);
    // Nothing became another there, so what is shown here was old, and no stream will tell.
    if (answer.changed === 0) await reload();
  }

  async function attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      set(state, { error: error as LiveError });
    }
  }

  function listen(): () => void {
    const stops = [
      client.on('receipts', ({ id, data }) => {
        echoes += 1;
        made += 1;
        // The page that was read shows it already, and perhaps what followed.
        if (id <= state.countedAt) return;
        const changed = withChange(state, data, new Date(client.serverNow()).toISOString());
        set(withCounts(changed, data.counts, id));
        if (data.action === 'unarchived') void reload();
      }),
      client.on('notification', (notification) => {
        const kept = keeping(notification);
        if (kept === 'certainly') set(withArrival(state, notification));
        if (kept === 'perhaps') reloadSoon();
      }),
      client.on('reset', () => void reload()),
    ];
    return () => {
      clearTimeout(soon);
      soon = undefined;
      for (const each of stops) each();
    };
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
    async loadOlder() {
      const before = state.next;
      if (before === null || before === undefined) return;
      await attempt(async () => set(withOlder(state, await page({ before }))));
    },
    markSeen: (which) => change({ action: 'seen', ...listed(which) }, () => client.api.markSeen(which)),
    markRead: (which) => change({ action: 'read', ...listed(which) }, () => client.api.markRead(which)),
    markUnread: (id) => change({ action: 'unread', ids: [id] }, () => client.api.markUnread(id)),
    archive: (which) => change({ action: 'archived', ...listed(which) }, () => client.api.archive(which)),
  };
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

import type { Marked, Which } from '../../client/api-types.ts';
import type { LiveError } from '../../client/live-error.ts';
import type { LiveClient } from '../../client/types.ts';
import type { Notification } from '../../protocol/event.ts';
import {
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

/** What an inbox shows before anything is known. */
export const NO_INBOX: InboxView = {
  items: EMPTY.items,
  counts: EMPTY.counts,
  next: undefined,
  loading: true,
  error: undefined,
};

const PAGE = 30;

export function createInboxStore(client: LiveClient): InboxStore {
  const listeners = new Set<() => void>();
  let state = EMPTY;
  let view = NO_INBOX;
  let stop: (() => void) | undefined;
  let reading: Promise<void> | undefined;
  let again = false;
  /** Changes that were asked for here, and those that the stream told of. */
  let asked = 0;
  let told = 0;

  function set(next: InboxState, more: Partial<Pick<InboxView, 'loading' | 'error'>> = {}): void {
    state = next;
    const { items, counts, next: before } = state;
    view = { ...view, items, counts, next: before, ...more };
    for (const listener of listeners) listener();
  }

  /** What asks while it is being read is answered by reading it once more. */
  function reload(): Promise<void> {
    again = reading !== undefined;
    reading ??= read();
    return reading;
  }

  async function read(): Promise<void> {
    do {
      again = false;
      set(state, { loading: true });
      await attempt(async () => set(withPage(state, await client.api.notifications({ limit: PAGE }))));
    } while (again);
    reading = undefined;
    set(state, { loading: false });
  }

  /** Shows the change at once, and takes it back when the service refuses it. */
  async function change(what: Parameters<typeof withChange>[1], ask: () => Promise<Marked>): Promise<void> {
    set(withChange(state, what, new Date(client.serverNow()).toISOString()), { error: undefined });
    asked += 1;
    const [own, toldBefore] = [asked, told];
    const done = await attempt(async () => {
      const { counts } = await ask();
      // Another change is under way, or the stream has counted since: this answer may be older.
      if (own !== asked || toldBefore !== told) return;
      set(withCounts(state, counts, Math.max(state.countedAt, state.items[0]?.id ?? 0)));
    });
    if (!done) await reload();
  }

  /** Whether it went well. */
  async function attempt(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      set(state, { error: error as LiveError });
      return false;
    }
  }

  function listen(): () => void {
    const stops = [
      client.on('receipts', ({ id, data }) => {
        told += 1;
        const changed = withChange(state, data, new Date(client.serverNow()).toISOString());
        set(withCounts(changed, data.counts, id));
        if (data.action === 'unarchived') void reload();
      }),
      client.on('notification', (notification) => {
        const kept = keeping(notification);
        if (kept === 'certainly') set(withArrival(state, notification));
        if (kept === 'perhaps') void reload();
      }),
      client.on('reset', () => void reload()),
    ];
    return () => {
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
      await attempt(async () =>
        set(withOlder(state, await client.api.notifications({ limit: PAGE, before }))),
      );
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

import { useCallback, useEffect, useMemo, useSyncExternalStore } from 'react';
import type { Which } from '../client/api-types.ts';
import { useSession } from './session/context.ts';
import { type InboxView, NO_INBOX } from './session/inbox-store.ts';

export interface NotificationsOptions {
  /** Lists unread items only, paged by the service. */
  readonly unread?: boolean;
}

export interface Notifications extends Omit<InboxView, 'unread'> {
  /** Optimistic: the change shows at once, is reverted if the service refuses it, and reaches all tabs. None rejects. */
  markSeen(which: Which): Promise<void>;
  markRead(which: Which): Promise<void>;
  markUnread(id: number): Promise<void>;
  archive(which: Which): Promise<void>;
  loadOlder(): Promise<void>;
}

const noop = () => {};
const settled = () => Promise.resolve();

/** The player's inbox, newest first, with the service's counts. `next` is undefined until the first page is loaded. */
export function useNotifications({ unread = false }: NotificationsOptions = {}): Notifications {
  const inbox = useSession()?.inbox;
  const view = useSyncExternalStore(
    useCallback((changed) => inbox?.subscribe(changed) ?? noop, [inbox]),
    () => inbox?.view ?? NO_INBOX,
    () => NO_INBOX,
  );
  useEffect(() => (unread ? inbox?.watchUnread() : undefined), [inbox, unread]);
  return useMemo(() => {
    const { unread: unreadOnly, ...all } = view;
    return {
      ...all,
      ...(unread ? unreadOnly : {}),
      markSeen: inbox?.markSeen ?? settled,
      markRead: inbox?.markRead ?? settled,
      markUnread: inbox?.markUnread ?? settled,
      archive: inbox?.archive ?? settled,
      loadOlder: () => inbox?.loadOlder(unread ? 'unread' : 'all') ?? settled(),
    };
  }, [view, inbox, unread]);
}

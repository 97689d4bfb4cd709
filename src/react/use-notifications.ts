import { useCallback, useEffect, useMemo, useSyncExternalStore } from 'react';
import type { Which } from '../client/api-types.ts';
import { useSession } from './session/context.ts';
import { type InboxView, NO_INBOX } from './session/inbox-store.ts';

export interface NotificationsOptions {
  /** Only what is unread, page by page as the service has it. */
  readonly unread?: boolean;
}

export interface Notifications extends Omit<InboxView, 'unread'> {
  /** Changes show at once, are taken back if the service refuses them, and reach every other tab. None rejects. */
  markSeen(which: Which): Promise<void>;
  markRead(which: Which): Promise<void>;
  markUnread(id: number): Promise<void>;
  archive(which: Which): Promise<void>;
  loadOlder(): Promise<void>;
}

const nothing = () => {};
const settled = () => Promise.resolve();

/** The player's inbox: newest first, with counts as the service counts them. `next` is undefined until it was read. */
export function useNotifications({ unread = false }: NotificationsOptions = {}): Notifications {
  const inbox = useSession()?.inbox;
  const view = useSyncExternalStore(
    useCallback((changed) => inbox?.subscribe(changed) ?? nothing, [inbox]),
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

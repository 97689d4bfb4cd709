import { inboxRoutes } from '../http/inbox.ts';
import { createInbox, type InboxOptions, type PlayerInboxes } from '../inbox/inbox.ts';
import type { Part } from './parts.ts';

export interface InboxDeps extends Omit<InboxOptions, 'onError'> {
  readonly onError: (error: unknown, where: string) => void;
}

export interface InboxPart extends Part {
  readonly inbox: PlayerInboxes;
}

/** Opens the inboxes of players. */
export function openInbox({ onError, ...options }: InboxDeps): InboxPart {
  const inbox = createInbox({ ...options, onError: (error) => onError(error, 'inbox') });
  return { inbox, routes: [inboxRoutes({ inbox })] };
}

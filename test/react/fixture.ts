import type { InboxItem } from '../../src/client/api-types.ts';
import type { Notification } from '../../src/protocol/event.ts';

/** When everything in these inboxes happened. */
export const AT = '2026-01-02T03:04:05.000Z';

export const arrival = (id: number): Notification =>
  ({
    id,
    eventId: id,
    scope: 'player:7',
    type: 'ACHIEVEMENT',
    title: `Title ${id}`,
    message: 'm',
    data: { playerId: 7, achievement: 'a', name: 'A' },
    at: AT,
  }) as Notification;

/** The line of an inbox; unread without `readAt`. */
export const item = (id: number, readAt: string | null = null): InboxItem =>
  ({ ...arrival(id), seenAt: readAt, readAt, archivedAt: null }) as InboxItem;

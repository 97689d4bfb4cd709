import type { EventType, Notification } from '../../protocol/event.ts';

export interface Toast {
  readonly key: string;
  readonly notification: Notification;
}

/** What a player wants to know at once. */
export const TOASTED: readonly EventType[] = [
  'LEVEL_UP',
  'TIER_UPGRADE',
  'ACHIEVEMENT',
  'RANK_CHANGE',
  'ANNOUNCEMENT',
];

/** Older ones are history: the inbox has them. Milliseconds. */
const FRESH_MS = 60_000;

/** Whether a notification is worth a toast for whoever it reached. */
export function isToastable(notification: Notification, types: readonly EventType[], now: number): boolean {
  const { scope, type, at } = notification;
  const meant = scope.startsWith('player:') || type === 'ANNOUNCEMENT';
  return meant && types.includes(type) && now - Date.parse(at) < FRESH_MS;
}

/** With one more. A later change of the same rank takes the place of the earlier one; the oldest give way. */
export function withToast(toasts: readonly Toast[], notification: Notification, most: number): Toast[] {
  const key = keyOf(notification);
  return [...toasts.filter((toast) => toast.key !== key), { key, notification }].slice(-most);
}

function keyOf(notification: Notification): string {
  return notification.type === 'RANK_CHANGE'
    ? `rank ${notification.data.contestId}`
    : String(notification.eventId);
}

import type { EventType, Notification } from '../../protocol/event.ts';

export interface Toast {
  readonly key: string;
  readonly notification: Notification;
}

/** Max age of a notification that becomes a toast, in ms. */
const FRESH_MS = 60_000;

/** Whether a notification becomes a toast: a fresh one of the player's own scope, or an announcement. */
export function isToastable(notification: Notification, types: readonly EventType[], now: number): boolean {
  const { scope, type, at } = notification;
  const isRelevant =
    scope.startsWith('player:') || type === 'ANNOUNCEMENT' || type === 'ANNOUNCEMENT_WITHDRAWN';
  return isRelevant && types.includes(type) && now - Date.parse(at) < FRESH_MS;
}

/** Adds a toast, in place of an earlier one with the same key; drops the oldest beyond `most`. */
export function withToast(toasts: readonly Toast[], notification: Notification, most: number): Toast[] {
  const key = keyOf(notification);
  return [...toasts.filter((toast) => toast.key !== key), { key, notification }].slice(-most);
}

function keyOf(notification: Notification): string {
  return notification.type === 'RANK_CHANGE'
    ? `rank ${notification.data.contestId}`
    : String(notification.eventId);
}

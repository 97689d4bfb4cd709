import { parseCursor } from '../protocol/cursor.ts';

/**
 * Returns the earlier of two cursors; the other one where one is undefined. Ignores terms: the service judges the cursor
 * that it is sent.
 */
export function earlier(one: string | undefined, other: string | undefined): string | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  if (one === 'earliest' || other === 'earliest') return 'earliest';
  const a = parseCursor(one);
  const b = parseCursor(other);
  return a && b && b.id < a.id ? other : one;
}

/** Whether a stream from `cursor` has no gap for a reader that is at `position`. */
export function covers(cursor: string, position: string | undefined): boolean {
  const from = parseCursor(cursor);
  const at = position === undefined ? undefined : parseCursor(position);
  return !from || !at || from.id <= at.id;
}

import { parseCursor } from '../protocol/cursor.ts';

/**
 * Of two places to begin at, the one that misses less; one that names none leaves the choice to the other. Terms do
 * not matter here: the service judges the cursor that it is sent.
 */
export function earlier(one: string | undefined, other: string | undefined): string | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  if (one === 'earliest' || other === 'earliest') return 'earliest';
  const a = parseCursor(one);
  const b = parseCursor(other);
  return a && b && b.id < a.id ? other : one;
}

/** Whether a stream that begins at `cursor` misses nothing for somebody who stands at `standing`. */
export function covers(cursor: string, standing: string | undefined): boolean {
  const from = parseCursor(cursor);
  const at = standing === undefined ? undefined : parseCursor(standing);
  return !from || !at || from.id <= at.id;
}

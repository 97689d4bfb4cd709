import { parseCursor } from '../protocol/cursor.ts';

/**
 * Of two places to begin at, the one that misses less; one that names none leaves the choice to the other. Places in
 * different lives of the log cannot be compared: then `one`.
 */
export function earlier(one: string | undefined, other: string | undefined): string | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  if (one === 'earliest' || other === 'earliest') return 'earliest';
  const a = parseCursor(one);
  const b = parseCursor(other);
  return a && b && a.epoch === b.epoch && b.id < a.id ? other : one;
}

/** Whether a stream that begins at `cursor` misses nothing for somebody who stands at `standing`. */
export function covers(cursor: string, standing: string | undefined): boolean {
  const from = parseCursor(cursor);
  const at = standing === undefined ? undefined : parseCursor(standing);
  // Who stands in another life of the log has lost its history, wherever the stream begins.
  return !from || !at || from.epoch !== at.epoch || from.id <= at.id;
}

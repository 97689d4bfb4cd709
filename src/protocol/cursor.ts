/**
 * A position in the log as the wire shows it: `<id>-<term>`, e.g. `1042-k7f2`. Plain ASCII, no colon, far below
 * 128 bytes, so that browsers send it in `Last-Event-ID` without a preflight.
 */
export interface Cursor {
  /** Position in the log: 0 (before the first row) … 2^53 − 1. */
  readonly id: number;
  /** Word of the term that its row belongs to: 4–8 lower-case letters and digits. A bare `1042` has none. */
  readonly term?: string;
}

const PATTERN = /^(0|[1-9][0-9]{0,15})(?:-([a-z0-9]{4,8}))?$/;

/** Reads a cursor. The text comes from clients and may be anything: `undefined` when it is not a cursor. */
export function parseCursor(text: string): Cursor | undefined {
  const match = PATTERN.exec(text);
  if (!match) return undefined;
  const id = Number(match[1]);
  if (!Number.isSafeInteger(id)) return undefined;
  return match[2] === undefined ? { id } : { id, term: match[2] };
}

/** Writes a cursor. */
export function formatCursor(id: number, term: string): string {
  return `${id}-${term}`;
}

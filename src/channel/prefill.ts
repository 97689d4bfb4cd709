import { type Query, readRange } from '../log/reader.ts';
import type { LogRow } from '../log/row.ts';

/** Max rows put into the ring at the start, for the streams that a restart cut off. */
const MAX_ROWS = 5_000;
/** Rows per read; they are read from the newest on. */
const PAGE = 250;

/**
 * Reads the newest rows up to `position`, without a gap. They only save later reads: after an error it returns those read
 * so far.
 * @param maxBytes approximate bound on the bytes of their data
 */
export async function readRecentRows(
  query: Query,
  position: number,
  maxBytes: number,
  onError: (error: unknown) => void,
): Promise<LogRow[]> {
  let rows: LogRow[] = [];
  let bytes = 0;
  for (let before = position; before > 0 && rows.length < MAX_ROWS && bytes < maxBytes; ) {
    const after = Math.max(0, before - PAGE);
    try {
      const page = contiguousEnd(await readRange(query, after, before, PAGE), before);
      rows = [...page, ...rows];
      bytes += page.reduce((sum, { data }) => sum + data.length, 0);
      if (page.length < before - after) break;
    } catch (error) {
      onError(error);
      break;
    }
    before = after;
  }
  return rows;
}

/** The rows without a gap up to `through`: retention deletes some between older ones. */
function contiguousEnd(rows: readonly LogRow[], through: number): readonly LogRow[] {
  if (rows.at(-1)?.id !== through) return [];
  let first = rows.length - 1;
  while (first > 0 && rows[first - 1]?.id === (rows[first]?.id ?? 0) - 1) first--;
  return rows.slice(first);
}

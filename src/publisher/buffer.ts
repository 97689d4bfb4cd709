import type { Entry } from './entry.ts';

/** The most events that the service takes in one request. */
const BATCH_EVENTS = 1_000;
/** The most that a request of several events may weigh, in bytes: half of what proxies let through by default. */
const BATCH_BYTES = 512 * 1024;

/** What waits to be confirmed, in the order it was handed in. An entry stays until its outcome is known. */
export interface Buffer {
  readonly size: number;
  /** Whether there was room for it. */
  add(entry: Entry): boolean;
  /** What the next request may hold: from the front, at most `limit` (default: as many as the service takes). */
  front(limit?: number): readonly Entry[];
  remove(entries: Iterable<Entry>): void;
  all(): readonly Entry[];
}

/** @param maxEvents,maxBytes what it holds at most; one event always has room in an empty buffer */
export function createBuffer(maxEvents: number, maxBytes: number): Buffer {
  let entries: Entry[] = [];
  let bytes = 0;
  return {
    get size() {
      return entries.length;
    },
    add(entry) {
      const full = entries.length >= maxEvents || bytes + entry.bytes > maxBytes;
      if (full && entries.length > 0) return false;
      entries.push(entry);
      bytes += entry.bytes;
      return true;
    },
    front(limit = BATCH_EVENTS) {
      const keys = new Set<string>();
      let weight = 0;
      const end = entries.findIndex((entry, index) => {
        weight += entry.bytes + 1;
        // A request may use a key once: a repeat waits for the next one, which gets the first's answer.
        const ends = index >= limit || (index > 0 && weight > BATCH_BYTES) || keys.has(entry.key);
        keys.add(entry.key);
        return ends;
      });
      return entries.slice(0, end === -1 ? limit : end);
    },
    remove(gone) {
      const set = new Set(gone);
      for (const entry of set) bytes -= entry.bytes;
      entries = entries.filter((entry) => !set.has(entry));
    },
    all: () => entries,
  };
}

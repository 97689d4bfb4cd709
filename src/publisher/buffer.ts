import type { Entry } from './entry.ts';

/** Max events per request that the service accepts. */
const BATCH_EVENTS = 1_000;
/** Max size of a request of several events, in bytes: half of what proxies accept by default. */
const BATCH_BYTES = 512 * 1024;

/** Bounded queue of events that wait to be confirmed. An entry stays until its outcome is known. */
export interface EntryBuffer {
  readonly size: number;
  /** Adds an entry. Returns false where there is no room. */
  add(entry: Entry): boolean;
  /** Entries for the next request, from the front, at most `limit` (default: as many as the service accepts). */
  front(limit?: number): readonly Entry[];
  remove(entries: Iterable<Entry>): void;
  all(): readonly Entry[];
}

/** @param maxEvents,maxBytes max content; an empty buffer accepts any single event */
export function createBuffer(maxEvents: number, maxBytes: number): EntryBuffer {
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
        // A request may contain a key once: a repeat waits for the next request, and gets the first's answer.
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

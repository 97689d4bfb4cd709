import { type Bytes, encodeBytes } from '../channel/live-frame.ts';
import { type FeedChange, lineOf } from './feed-view.ts';

/** Changes that were found together, encoded once for all readers. */
export interface FeedEntry extends Bytes {
  /** Number of this entry: the next one has the next number. */
  readonly number: number;
  /** Position in the log above which a client has the changes already. */
  readonly before: number;
}

/** Max size of the entries that are kept, in bytes. */
const MAX_SIZE = 8 * 1024 * 1024;

/**
 * Recent changes of a feed. A token is a cursor of the log that was taken before the tables were read: its holder has every
 * change that was committed before the row at that position. An entry's changes were visible when the log had ended at
 * `before`, so that a client with a higher cursor has them, whichever node sent them.
 */
export class FeedHistory {
  readonly #entries: FeedEntry[] = [];
  #size = 0;
  #next = 0;
  /** End of the log below or at which a cursor is from before the first entry. */
  #base: number;

  /** @param base end of the log after what the entries follow was read */
  constructor(base: number) {
    this.#base = base;
  }

  /** Number of the next entry. */
  get next(): number {
    return this.#next;
  }

  /**
   * Adds changes that were found together.
   * @param token cursor from before they were read
   * @param before end of the log after they were read
   */
  push(changes: readonly FeedChange[], token: string, before: number): void {
    if (changes.length === 0) return;
    const last = changes.length - 1;
    const text = changes.map((change, index) => lineOf(change, index === last ? token : undefined)).join('');
    const entry: FeedEntry = { ...encodeBytes(text), number: this.#next++, before };
    this.#entries.push(entry);
    this.#size += entry.plain.length;
    while (this.#size > MAX_SIZE && this.#entries.length > 1) {
      const dropped = this.#entries.shift() as FeedEntry;
      this.#size -= dropped.plain.length;
      this.#base = Math.max(this.#base, dropped.before);
    }
  }

  /** Number of the first entry that a client with this cursor needs; undefined: it needs everything. */
  firstAfter(position: number): number | undefined {
    if (position <= this.#base) return undefined;
    return this.#entries.find(({ before }) => before >= position)?.number ?? this.#next;
  }

  /** Entry by its number; undefined where it is no longer kept, or not there yet. */
  entry(number: number): FeedEntry | undefined {
    return this.#entries[number - (this.#next - this.#entries.length)];
  }
}

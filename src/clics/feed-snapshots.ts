import { type Bytes, encodeBytes } from '../channel/live-frame.ts';
import type { FeedHistory } from './feed-history.ts';
import { collectionLinesOf, type FeedView, linesOf } from './feed-view.ts';

/** `lines`: a line for each object. `collections`: a line for each collection, which replaces what the client has. */
export type SnapshotForm = 'lines' | 'collections';

/** Everything of a view, encoded once for all who open a feed at about the same time. */
export interface FeedSnapshot {
  readonly pages: readonly Bytes[];
  /** Number of the first entry of the history that it lacks. */
  readonly next: number;
}

/** Min length of a page, in characters: after each the peer must have taken what was written. */
const PAGE_CHARACTERS = 64 * 1024;
/** Time for which a snapshot is kept, ms: what has changed meanwhile follows it from the history. */
const KEPT_MS = 2_000;

/** Recent snapshots of a feed. */
export class FeedSnapshots {
  readonly #kept = new Map<string, FeedSnapshot>();

  /** @returns a kept snapshot whose later changes the history has, else a new one */
  take(
    view: FeedView,
    history: FeedHistory,
    {
      audience,
      form,
      token,
    }: { readonly audience: string; readonly form: SnapshotForm; readonly token: string },
  ): FeedSnapshot {
    const key = `${audience}/${form}`;
    const kept = this.#kept.get(key);
    if (kept && (kept.next === history.next || history.entry(kept.next))) return kept;
    const lines = form === 'lines' ? linesOf(view, token) : collectionLinesOf(view, token);
    const snapshot: FeedSnapshot = { pages: [...pagesOf(lines)], next: history.next };
    this.#kept.set(key, snapshot);
    setTimeout(() => {
      if (this.#kept.get(key) === snapshot) this.#kept.delete(key);
    }, KEPT_MS).unref();
    return snapshot;
  }
}

function* pagesOf(lines: readonly string[]): Iterable<Bytes> {
  let page = '';
  for (const line of lines) {
    page += line;
    if (page.length < PAGE_CHARACTERS) continue;
    yield encodeBytes(page);
    page = '';
  }
  if (page !== '') yield encodeBytes(page);
}

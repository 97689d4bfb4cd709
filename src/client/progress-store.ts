import type { KeptProgress, Progress } from './progress.ts';
import type { Clock, CursorStorage } from './types.ts';

export interface ProgressStoreOptions {
  readonly storage: CursorStorage;
  readonly clock: Clock;
  /** Max age of stored progress, in ms. */
  readonly withinMs: number;
  /** Storage key; `undefined` until the user is known. */
  readonly name: () => string | undefined;
  readonly progress: Progress;
}

interface Kept extends KeptProgress {
  readonly at: number;
}

/** Debounce of writes, in ms. */
const SAVE_MS = 250;

/** Persists progress in a storage. Ignores a storage that fails, and content that cannot be parsed. */
export class ProgressStore {
  readonly #options: ProgressStoreOptions;
  #timer: unknown;
  #due = false;

  constructor(options: ProgressStoreOptions) {
    this.#options = options;
  }

  /** Restores the previous page's progress, unless it is too old. */
  restore(): void {
    const { storage, clock, withinMs, name, progress } = this.#options;
    const key = name();
    if (key === undefined) return;
    try {
      const kept = JSON.parse(storage.getItem(key) ?? 'null') as Kept | null;
      if (kept && clock.now() - kept.at <= withinMs) progress.restore(kept);
    } catch {
      // Treated as absent.
    }
  }

  /** Schedules a write. */
  note(): void {
    if (this.#due) return;
    this.#due = true;
    this.#timer = this.#options.clock.setTimeout(() => this.flush(), SAVE_MS);
  }

  /** Writes now if a write is scheduled. */
  flush(): void {
    const { storage, clock, name, progress } = this.#options;
    clock.clearTimeout(this.#timer);
    const key = name();
    const kept = progress.keep();
    if (!this.#due || key === undefined || !kept) return;
    this.#due = false;
    try {
      const entry: Kept = { ...kept, at: clock.now() };
      storage.setItem(key, JSON.stringify(entry));
    } catch {
      // Full, or blocked: the next page starts with new events, as without a storage.
    }
  }
}

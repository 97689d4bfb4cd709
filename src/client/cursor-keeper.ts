import type { KeptProgress, Progress } from './progress.ts';
import type { Clock, CursorStorage } from './types.ts';

export interface CursorKeeperOptions {
  readonly storage: CursorStorage;
  readonly clock: Clock;
  /** What is older is not resumed from, in ms. */
  readonly withinMs: number;
  /** Under which name it is kept; `undefined` as long as nobody knows whose it is. */
  readonly name: () => string | undefined;
  readonly progress: Progress;
}

interface Kept extends KeptProgress {
  readonly at: number;
}

/** A burst of events writes once in so many ms. */
const SAVE_MS = 250;

/** Keeps progress in a storage. A storage that fails, or holds what nobody can read, is done without. */
export class CursorKeeper {
  readonly #options: CursorKeeperOptions;
  #timer: unknown;
  #due = false;

  constructor(options: CursorKeeperOptions) {
    this.#options = options;
  }

  /** Takes up where the last page was, if that is not long ago. */
  restore(): void {
    const { storage, clock, withinMs, name, progress } = this.#options;
    const key = name();
    if (key === undefined) return;
    try {
      const kept = JSON.parse(storage.getItem(key) ?? 'null') as Kept | null;
      if (kept && clock.now() - kept.at <= withinMs) progress.restore(kept);
    } catch {
      // As if nothing had been kept.
    }
  }

  /** Saves soon. */
  note(): void {
    if (this.#due) return;
    this.#due = true;
    this.#timer = this.#options.clock.setTimeout(() => this.flush(), SAVE_MS);
  }

  /** Saves now what is still to be saved. */
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
      // Full, or forbidden: the next page begins at the present, as without a storage.
    }
  }
}

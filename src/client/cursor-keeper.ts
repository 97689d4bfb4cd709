import type { EventType } from '../protocol/event.ts';
import type { KeptProgress, Progress } from './progress.ts';
import type { Clock, CursorStorage, ScopeInput } from './types.ts';

export interface CursorKeeperOptions {
  readonly storage: CursorStorage;
  readonly clock: Clock;
  /** What is older is not resumed from, in ms. */
  readonly withinMs: number;
  readonly base: string;
  readonly types: readonly EventType[] | undefined;
}

interface Kept extends KeptProgress {
  readonly at: number;
}

/** A burst of events writes once in so many ms. */
const SAVE_MS = 250;

/** Keeps progress in a storage, one entry per set of scopes. A storage that fails is done without. */
export class CursorKeeper {
  readonly #options: CursorKeeperOptions;
  #timer: unknown;
  #due: (() => void) | undefined;

  constructor(options: CursorKeeperOptions) {
    this.#options = options;
  }

  /** What was kept for these scopes and is young enough to resume from. */
  load(scopes: readonly ScopeInput[]): KeptProgress | undefined {
    const { storage, clock, withinMs } = this.#options;
    try {
      const kept = JSON.parse(storage.getItem(this.#key(scopes)) ?? 'null') as Partial<Kept> | null;
      if (typeof kept?.cursor !== 'string' || typeof kept.at !== 'number') return undefined;
      if (!Array.isArray(kept.scopes) || !Array.isArray(kept.floors)) return undefined;
      return clock.now() - kept.at <= withinMs ? (kept as Kept) : undefined;
    } catch {
      return undefined;
    }
  }

  /** Saves soon, under the scopes that there are then. */
  note(scopes: () => readonly ScopeInput[], progress: Progress): void {
    if (this.#due) return;
    this.#due = () => this.#save(scopes(), progress);
    this.#timer = this.#options.clock.setTimeout(() => this.flush(), SAVE_MS);
  }

  /** Saves now what is still to be saved. */
  flush(): void {
    this.#options.clock.clearTimeout(this.#timer);
    this.#due?.();
    this.#due = undefined;
  }

  #save(scopes: readonly ScopeInput[], progress: Progress): void {
    const kept = progress.keep();
    if (!kept) return;
    try {
      const entry: Kept = { ...kept, at: this.#options.clock.now() };
      this.#options.storage.setItem(this.#key(scopes), JSON.stringify(entry));
    } catch {
      // Full, or forbidden: the next page begins at the present, as without a storage.
    }
  }

  #key(scopes: readonly ScopeInput[]): string {
    const { base, types } = this.#options;
    return `codecraft-live ${base} ${[...scopes].sort().join()} ${[...(types ?? [])].sort().join()}`;
  }
}

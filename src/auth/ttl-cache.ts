/** Bounded LRU cache whose entries expire. Expired ones are released within twice their time to live. */
export class TtlCache<K, V> {
  readonly #entries = new Map<K, { readonly value: V; readonly until: number }>();
  readonly #ttlMs: number;
  readonly #capacity: number;
  readonly #now: () => number;
  #sweep: NodeJS.Timeout | undefined;

  constructor(options: { ttlMs: number; capacity: number; now?: () => number }) {
    this.#ttlMs = options.ttlMs;
    this.#capacity = options.capacity;
    this.#now = options.now ?? (() => performance.now());
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: K): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    if (entry.until <= this.#now()) return undefined;
    this.#entries.set(key, entry);
    return entry.value;
  }

  set(key: K, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, { value, until: this.#now() + this.#ttlMs });
    this.#sweep ??= setTimeout(() => this.#release(), this.#ttlMs).unref();
    if (this.#entries.size <= this.#capacity) return;
    for (const eldest of this.#entries.keys()) {
      this.#entries.delete(eldest);
      return;
    }
  }

  clear(): void {
    this.#entries.clear();
  }

  /** Deletes an entry, if its value is still this one. */
  delete(key: K, value?: V): void {
    if (value === undefined || this.#entries.get(key)?.value === value) this.#entries.delete(key);
  }

  #release(): void {
    this.#sweep = undefined;
    const now = this.#now();
    for (const [key, { until }] of this.#entries) if (until <= now) this.#entries.delete(key);
    if (this.#entries.size > 0) this.#sweep = setTimeout(() => this.#release(), this.#ttlMs).unref();
  }
}

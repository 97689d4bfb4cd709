interface Entry<V> {
  readonly value: V;
  readonly until: number;
}

/** Bounded LRU cache whose entries expire. Expired ones are released within twice their time to live. */
export class TtlCache<K, V> {
  readonly #entries = new Map<K, Entry<V>>();
  /** The last one in the order of use, which needs no other place there. */
  #newest: Entry<V> | undefined;
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
    if (entry.until <= this.#now()) {
      this.delete(key);
      return undefined;
    }
    if (entry !== this.#newest) {
      this.#entries.delete(key);
      this.#entries.set(key, entry);
      this.#newest = entry;
    }
    return entry.value;
  }

  set(key: K, value: V): void {
    this.#entries.delete(key);
    this.#newest = { value, until: this.#now() + this.#ttlMs };
    this.#entries.set(key, this.#newest);
    this.#sweep ??= setTimeout(() => this.#release(), this.#ttlMs).unref();
    if (this.#entries.size <= this.#capacity) return;
    for (const eldest of this.#entries.keys()) {
      this.#entries.delete(eldest);
      return;
    }
  }

  clear(): void {
    this.#entries.clear();
    this.#newest = undefined;
  }

  /** Deletes an entry, if its value is still this one. */
  delete(key: K, value?: V): void {
    const entry = this.#entries.get(key);
    if (entry === undefined || (value !== undefined && entry.value !== value)) return;
    this.#entries.delete(key);
    if (entry === this.#newest) this.#newest = undefined;
  }

  #release(): void {
    this.#sweep = undefined;
    const now = this.#now();
    for (const [key, { until }] of this.#entries) if (until <= now) this.delete(key);
    if (this.#entries.size > 0) this.#sweep = setTimeout(() => this.#release(), this.#ttlMs).unref();
  }
}

/** Bounded LRU cache whose entries expire. */
export class TtlCache<K, V> {
  readonly #entries = new Map<K, { readonly value: V; readonly until: number }>();
  readonly #ttlMs: number;
  readonly #capacity: number;
  readonly #now: () => number;

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
}

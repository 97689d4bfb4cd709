/** Values per key, each once, in the order in which they were added. A key with one value has no set of its own. */
export class MultiMap<K, V extends object> {
  readonly #entries = new Map<K, V | Set<V>>();

  add(key: K, value: V): void {
    const known = this.#entries.get(key);
    if (known === undefined) this.#entries.set(key, value);
    else if (known instanceof Set) known.add(value);
    else if (known !== value) this.#entries.set(key, new Set([known, value]));
  }

  delete(key: K, value: V): void {
    const known = this.#entries.get(key);
    if (known === value) this.#entries.delete(key);
    else if (known instanceof Set && known.delete(value) && known.size === 1) {
      const [last] = known;
      if (last !== undefined) this.#entries.set(key, last);
    }
  }

  /** The values of a key; undefined where it has none. */
  get(key: K): Iterable<V> | undefined {
    const known = this.#entries.get(key);
    return known === undefined || known instanceof Set ? known : [known];
  }

  /** Count of a key's values. */
  count(key: K): number {
    const known = this.#entries.get(key);
    if (known === undefined) return 0;
    return known instanceof Set ? known.size : 1;
  }

  /** Keys that have values. */
  keys(): Iterable<K> {
    return this.#entries.keys();
  }
}

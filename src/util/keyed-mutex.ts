/** Mutex per key: runs the work of one key one piece at a time, in the order of the calls. */
export class KeyedMutex {
  readonly #last = new Map<number, Promise<unknown>>();

  async run<T>(key: number, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key);
    const mine = (before?.catch(() => {}) ?? Promise.resolve()).then(work);
    this.#last.set(key, mine);
    try {
      return await mine;
    } finally {
      if (this.#last.get(key) === mine) this.#last.delete(key);
    }
  }
}

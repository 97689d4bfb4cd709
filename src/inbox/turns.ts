/** Lets one piece of work per key run at a time, in the order of asking. */
export class Turns {
  readonly #last = new Map<number, Promise<unknown>>();

  async take<T>(key: number, work: () => Promise<T>): Promise<T> {
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

/** FIFO queue by ascending id, compacted now and then. */
export class Queue<T extends { readonly id: number }> {
  #items: (T | undefined)[] = [];
  #start = 0;

  get size(): number {
    return this.#items.length - this.#start;
  }

  /** Length of the array beneath, released slots included. */
  get slots(): number {
    return this.#items.length;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): T | undefined {
    const item = this.#items[this.#start];
    if (item === undefined) return undefined;
    // The item is released at once; the array is compacted later.
    this.#items[this.#start++] = undefined;
    if (this.#start > 64 && this.#start * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#start);
      this.#start = 0;
    }
    return item;
  }

  /** Items whose id is above `id`. */
  above(id: number): T[] {
    let low = this.#start;
    let high = this.#items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#items[middle] as T).id <= id) low = middle + 1;
      else high = middle;
    }
    return this.#items.slice(low) as T[];
  }

  clear(): void {
    this.#items = [];
    this.#start = 0;
  }
}

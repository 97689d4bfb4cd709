import { Problem } from '../protocol/problem.ts';

/** Limit of the memory for request bodies: of all callers together, and of each. Sizes in bytes. */
export class ByteBudget {
  readonly #total: number;
  readonly #perKey: number;
  readonly #byKey = new Map<string, number>();
  #used = 0;

  constructor(total: number, perKey: number) {
    this.#total = total;
    this.#perKey = perKey;
  }

  /** Bytes reserved at present. */
  get used(): number {
    return this.#used;
  }

  /**
   * Reserves bytes.
   * @returns releases them
   * @throws Problem `too-many-requests` at the caller's limit, `overloaded` at the limit of all
   */
  take(key: string, bytes: number): () => void {
    const own = this.#byKey.get(key) ?? 0;
    if (own + bytes > this.#perKey)
      throw new Problem('too-many-requests', {
        detail: 'the bodies of your requests in progress are too large together',
        retryAfter: 1,
      });
    if (this.#used + bytes > this.#total)
      throw new Problem('overloaded', {
        detail: 'the bodies of all requests in progress are too large together',
        retryAfter: 1,
      });
    this.#used += bytes;
    this.#byKey.set(key, own + bytes);
    return () => {
      this.#used -= bytes;
      const left = (this.#byKey.get(key) ?? 0) - bytes;
      if (left > 0) this.#byKey.set(key, left);
      else this.#byKey.delete(key);
    };
  }
}

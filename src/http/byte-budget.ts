import { Problem } from '../protocol/problem.ts';

/** Bounds the bytes that bodies may occupy at once: of all callers together, and of one. */
export class ByteBudget {
  readonly #total: number;
  readonly #each: number;
  readonly #byKey = new Map<string, number>();
  #used = 0;

  constructor(total: number, each: number) {
    this.#total = total;
    this.#each = each;
  }

  /** Bytes that are reserved now. */
  get used(): number {
    return this.#used;
  }

  /**
   * Reserves bytes, and returns what gives them back.
   * @throws Problem `too-many-requests` at the bound of this caller, `overloaded` at the bound of all
   */
  take(key: string, bytes: number): () => void {
    const own = this.#byKey.get(key) ?? 0;
    if (own + bytes > this.#each)
      throw new Problem('too-many-requests', { detail: 'too many bytes in bodies at once', retryAfter: 1 });
    if (this.#used + bytes > this.#total)
      throw new Problem('overloaded', { detail: 'too many bytes in bodies at once', retryAfter: 1 });
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

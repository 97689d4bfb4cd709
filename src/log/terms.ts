import { randomInt } from 'node:crypto';

/** A term of the log: a word, and the first position that was appended under it. */
export interface Term {
  /** The order in which terms began: 1, 2, … A later term overrules earlier ones from its first position on. */
  readonly number: number;
  readonly word: string;
  readonly firstId: number;
}

/** Whether a stream may resume at a cursor, and otherwise the last position that the cursor's term shares with the log. */
export type CursorVerdict =
  | { readonly valid: true }
  | { readonly valid: false; readonly resumeAfter: number | undefined };

/**
 * The terms of a log, immutable. Ids alone prove nothing: a failover or a restored backup gives them out again. A term
 * that begins at position f means that whatever earlier terms had from f on is not, or may not be, in this log.
 */
export class Terms {
  /** By number, ascending. */
  readonly list: readonly Term[];
  readonly #byWord: ReadonlyMap<string, number>;
  /** Per term of `list`, the last position up to which the log under that term is still this log. */
  readonly #lastShared: readonly number[];
  /** The terms that cover any position, by their first position, ascending. */
  readonly #covering: readonly Term[];

  constructor(terms: readonly Term[]) {
    this.list = terms.toSorted((a, b) => a.number - b.number);
    this.#byWord = new Map(this.list.map(({ word }, index) => [word, index]));
    const shared: number[] = [];
    const covering: Term[] = [];
    let limit = Number.POSITIVE_INFINITY;
    for (let index = this.list.length - 1; index >= 0; index--) {
      const term = this.list[index] as Term;
      shared[index] = limit;
      if (term.firstId <= limit) covering.push(term);
      limit = Math.min(limit, term.firstId - 1);
    }
    this.#lastShared = shared;
    this.#covering = covering.reverse();
  }

  /** The term that appends belong to; `undefined` where there are no terms. */
  get present(): Term | undefined {
    return this.list.at(-1);
  }

  has(word: string): boolean {
    return this.#byWord.has(word);
  }

  /** With one more term, begun after all others. */
  with(term: Term): Terms {
    return new Terms([...this.list, term]);
  }

  /** The word of the term that covers a position. */
  termAt(id: number): string {
    let low = 0;
    let high = this.#covering.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#covering[middle] as Term).firstId <= id) low = middle + 1;
      else high = middle;
    }
    return (this.#covering[Math.max(0, low - 1)] ?? this.present)?.word ?? '';
  }

  /** Whether the present term begins at this position. */
  beginsAt(id: number): boolean {
    return this.present?.firstId === id;
  }

  /** The word that the cursor of a row carries: the row's own term, unless a later term has overruled it there. */
  labelOf(row: { readonly id: number; readonly term: string | null }): string {
    if (row.term !== null && !this.has(row.term)) return row.term;
    return row.term !== null && this.covers(row.term, row.id) ? row.term : this.termAt(row.id);
  }

  /** Whether the log under this term, up to this position, is a beginning of this log. */
  covers(word: string, id: number): boolean {
    return id <= (this.lastShared(word) ?? -1);
  }

  /** The last position that the log under this term shares with this log; `undefined` for an unknown term. */
  lastShared(word: string): number | undefined {
    const index = this.#byWord.get(word);
    return index === undefined ? undefined : this.#lastShared[index];
  }

  /**
   * Judges a cursor. One below the first position of its term is valid where the term is: nodes of earlier releases
   * label every position with the term that is present. A bare position proves nothing and is taken at its word.
   * @param head the position of the newest row
   */
  judge(cursor: { readonly id: number; readonly term?: string | undefined }, head: number): CursorVerdict {
    const shared = cursor.term === undefined ? Number.POSITIVE_INFINITY : this.lastShared(cursor.term);
    if (shared === undefined) return { valid: false, resumeAfter: undefined };
    const limit = Math.min(shared, head);
    return cursor.id <= limit ? { valid: true } : { valid: false, resumeAfter: limit };
  }

  /** The lowest first position among the terms that `known` does not have; `undefined` where it has them all. */
  firstSince(known: Terms): number | undefined {
    const fresh = this.list.filter(({ word }) => !known.has(word)).map(({ firstId }) => firstId);
    return fresh.length === 0 ? undefined : Math.min(...fresh);
  }

  /**
   * The lowest first position among the terms of `known` that are not here, although older ones are: a part of the terms
   * was restored away. `undefined` where only the oldest are gone, because of their age.
   */
  lostSince(known: Terms): number | undefined {
    const oldest = this.list[0]?.number ?? 0;
    const lost = known.list.filter(({ number, word }) => number >= oldest && !this.has(word));
    return lost.length === 0 ? undefined : Math.min(...lost.map(({ firstId }) => firstId));
  }

  /** Whether every cursor at or above `id` that carries one of these terms' words is refused by `terms`. */
  areRefusedFrom(id: number, terms: Terms): boolean {
    return this.list.every(({ word }) => !terms.covers(word, id));
  }
}

const LETTERS = 'abcdefghijkmnpqrstuvwxyz23456789';

function randomWord(length: number): string {
  return Array.from({ length }, () => LETTERS[randomInt(LETTERS.length)]).join('');
}

/** A word for a new term: random, so that two logs that part never give the same word to different terms. */
export const newTermWord = (): string => randomWord(8);

/** The mark of one append: random, so that a row proves which append wrote it. */
export const newTag = (): string => randomWord(12);

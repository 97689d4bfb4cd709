/** Item with a position in the log. */
export interface Positioned {
  readonly id: number;
}

/**
 * Reorder buffer with a contiguous watermark. Takes rows in any order, with repeats, and returns each position once, after
 * all positions below it.
 */
export class Sequence<R extends Positioned> {
  #watermark: number;
  /** Runs of rows that are ahead of the watermark, by their first position. */
  readonly #ahead = new Map<number, Held<R>>();
  readonly #maxRuns: number;

  /** @param maxRuns max runs held above a gap; beyond it the highest is dropped, to be read again later */
  constructor(watermark: number, maxRuns = 256) {
    this.#watermark = watermark;
    this.#maxRuns = maxRuns;
  }

  /** The position up to which every row was returned. */
  get watermark(): number {
    return this.#watermark;
  }

  /** The lowest position held above a gap. */
  get firstAhead(): number | undefined {
    return this.#ahead.size === 0 ? undefined : Math.min(...this.#ahead.keys());
  }

  /**
   * Takes rows in ascending order, with or without gaps, and returns those that are now contiguous.
   * @param continues asked once the rows are next, with the last row of this call before them: whether they belong
   *   there; where not, they are dropped, to be read again
   */
  take(rows: readonly R[], continues?: (previous: R | undefined) => boolean): R[] {
    const ready: R[] = [];
    for (const run of runs(rows)) this.#takeRun({ run, continues }, ready);
    for (let next = this.#nextRun(); next; next = this.#nextRun()) this.#takeRun(next, ready);
    return ready;
  }

  /** Takes rows in ascending order up to the first gap, and drops those above it. Returns those that are now contiguous. */
  takeContiguous(rows: readonly R[]): R[] {
    const [run] = runs(rows);
    return run?.[0] && run[0].id <= this.#watermark + 1 ? this.take(run) : [];
  }

  /** Drops all held rows and continues after `watermark`. */
  reset(watermark: number): void {
    this.#watermark = watermark;
    this.#ahead.clear();
  }

  #takeRun(held: Held<R>, ready: R[]): void {
    const { run, continues } = held;
    const first = run[0]?.id;
    if (first === undefined) return;
    if (first > this.#watermark + 1) {
      const other = this.#ahead.get(first);
      if (!other || other.run.length < run.length) this.#ahead.set(first, held);
      if (this.#ahead.size > this.#maxRuns) this.#ahead.delete(Math.max(...this.#ahead.keys()));
      return;
    }
    // Rows that were handed on in part were read meanwhile: what follows them is read, too.
    if (continues && (first <= this.#watermark || !continues(ready.at(-1)))) return;
    for (const row of run)
      if (row.id === this.#watermark + 1) {
        ready.push(row);
        this.#watermark = row.id;
      }
  }

  #nextRun(): Held<R> | undefined {
    for (const [first, held] of this.#ahead)
      if (first <= this.#watermark + 1) {
        this.#ahead.delete(first);
        return held;
      }
    return undefined;
  }
}

interface Held<R> {
  readonly run: readonly R[];
  readonly continues: ((previous: R | undefined) => boolean) | undefined;
}

/** Splits rows into runs without gaps. */
function* runs<R extends Positioned>(rows: readonly R[]): Generator<readonly R[]> {
  let start = 0;
  for (let i = 1; i <= rows.length; i++)
    if (i === rows.length || rows[i]?.id !== (rows[i - 1]?.id ?? 0) + 1) {
      if (i > start) yield start === 0 && i === rows.length ? rows : rows.slice(start, i);
      start = i;
    }
}

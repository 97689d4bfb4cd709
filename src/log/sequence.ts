/** Anything with a position in the log. */
export interface Positioned {
  readonly id: number;
}

/**
 * Puts rows back into the log's order. Whatever it is given, in whatever order and however often, it hands on each
 * position once, and none before all positions below it: the watermark moves only contiguously.
 */
export class Sequence<R extends Positioned> {
  #watermark: number;
  /** Runs of rows that are ahead of the watermark, by their first position. */
  readonly #ahead = new Map<number, readonly R[]>();
  readonly #maxRuns: number;

  /** @param maxRuns how many runs are held while something below them is missing; beyond it the highest is let go, to be read again later */
  constructor(watermark: number, maxRuns = 256) {
    this.#watermark = watermark;
    this.#maxRuns = maxRuns;
  }

  /** The highest position such that everything up to it was handed on. */
  get watermark(): number {
    return this.#watermark;
  }

  /** The lowest position that is held but cannot be handed on yet. */
  get firstAhead(): number | undefined {
    return this.#ahead.size === 0 ? undefined : Math.min(...this.#ahead.keys());
  }

  /** Takes rows in ascending order, with or without gaps, and returns those that are now in turn. */
  take(rows: readonly R[]): R[] {
    const ready: R[] = [];
    for (const run of runs(rows)) this.#takeRun(run, ready);
    for (let next = this.#nextRun(); next; next = this.#nextRun()) this.#takeRun(next, ready);
    return ready;
  }

  /** Forgets everything and goes on after `watermark`. */
  reset(watermark: number): void {
    this.#watermark = watermark;
    this.#ahead.clear();
  }

  #takeRun(run: readonly R[], ready: R[]): void {
    const first = run[0]?.id;
    if (first === undefined) return;
    if (first > this.#watermark + 1) {
      const held = this.#ahead.get(first);
      if (!held || held.length < run.length) this.#ahead.set(first, run);
      if (this.#ahead.size > this.#maxRuns) this.#ahead.delete(Math.max(...this.#ahead.keys()));
      return;
    }
    for (const row of run)
      if (row.id === this.#watermark + 1) {
        ready.push(row);
        this.#watermark = row.id;
      }
  }

  #nextRun(): readonly R[] | undefined {
    for (const [first, run] of this.#ahead)
      if (first <= this.#watermark + 1) {
        this.#ahead.delete(first);
        return run;
      }
    return undefined;
  }
}

/** Cuts rows into runs without a gap. */
function* runs<R extends Positioned>(rows: readonly R[]): Generator<readonly R[]> {
  let start = 0;
  for (let i = 1; i <= rows.length; i++)
    if (i === rows.length || rows[i]?.id !== (rows[i - 1]?.id ?? 0) + 1) {
      if (i > start) yield start === 0 && i === rows.length ? rows : rows.slice(start, i);
      start = i;
    }
}

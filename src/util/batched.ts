/** Items of callers that wait for the same run. */
interface Batch<T, R> {
  readonly items: T[];
  readonly result: Promise<R>;
  readonly resolve: (result: R | Promise<R>) => void;
}

export interface BatchedOptions {
  /** Max items of a run; one call may exceed it by itself. */
  readonly maxItems: number;
  /** Max runs at a time. */
  readonly maxRuns: number;
  /**
   * Min time between the beginnings of two runs, unless the later one is full, ms. In a rush it is what makes a run of many
   * items; after a pause the next run does not wait. Default 0.
   */
  readonly spacingMs?: number;
}

/** Batching of reads: items of several callers are read by one run, and each caller is given the result of all. */
export class Batched<T, R> {
  readonly #run: (items: readonly T[]) => Promise<R>;
  readonly #options: BatchedOptions;
  readonly #waiting: Batch<T, R>[] = [];
  #running = 0;
  #begunAt = Number.NEGATIVE_INFINITY;
  #scheduled = false;
  /** Set while the next run waits for the spacing. */
  #spacing: NodeJS.Timeout | undefined;

  constructor(run: (items: readonly T[]) => Promise<R>, options: BatchedOptions) {
    this.#run = run;
    this.#options = options;
  }

  /**
   * Resolves with the result of a run that these items are part of, and that begins after the call: no earlier than when
   * all callers of this turn of the event loop have been added.
   * @throws what the run throws
   */
  add(items: readonly T[]): Promise<R> {
    let batch = this.#waiting.at(-1);
    if (batch === undefined || batch.items.length + items.length > this.#options.maxItems) {
      batch = newBatch<T, R>();
      this.#waiting.push(batch);
    }
    for (const item of items) batch.items.push(item);
    if (this.#running < this.#options.maxRuns && this.#mayBegin()) this.#startSoon();
    return batch.result;
  }

  #startSoon(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#start();
    });
  }

  #start(): void {
    while (this.#running < this.#options.maxRuns && this.#mayBegin()) {
      const batch = this.#waiting.shift();
      if (batch === undefined) return;
      this.#running += 1;
      if (this.#options.spacingMs) this.#begunAt = performance.now();
      batch.resolve(
        this.#run(batch.items).finally(() => {
          this.#running -= 1;
          this.#start();
        }),
      );
    }
  }

  /** Whether the next run need not wait; else it begins when the spacing is over. */
  #mayBegin(): boolean {
    const { spacingMs = 0, maxItems } = this.#options;
    const [next, later] = this.#waiting;
    if (next === undefined || spacingMs === 0) return true;
    if (later !== undefined || next.items.length >= maxItems) return true;
    if (this.#spacing !== undefined) return false;
    const leftMs = this.#begunAt + spacingMs - performance.now();
    if (leftMs <= 0) return true;
    this.#spacing = setTimeout(() => {
      this.#spacing = undefined;
      this.#startSoon();
    }, leftMs);
    return false;
  }
}

function newBatch<T, R>(): Batch<T, R> {
  let resolve: Batch<T, R>['resolve'] = () => {};
  const result = new Promise<R>((settle) => {
    resolve = settle;
  });
  return { items: [], result, resolve };
}

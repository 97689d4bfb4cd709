/** Positions that one append wrote, as this process read or committed them. */
export interface Run {
  readonly firstId: number;
  readonly lastId: number;
  /** Distinguishes this append from any other at the same positions: its tag, or a print of the row where it has none. */
  readonly mark: string;
}

/** Max runs remembered. */
const MAX_RUNS = 4_096;

/**
 * The newest part of the log as this process has read it, to be compared with the log that a connection shows. A log is only
 * ever appended to, or replaced by one of its own beginnings: so a row that is unchanged proves every row below it.
 */
export class Remembered {
  #runs: Run[] = [];

  /** Contiguous, ascending. */
  get runs(): readonly Run[] {
    return this.#runs;
  }

  get last(): Run | undefined {
    return this.#runs.at(-1);
  }

  add(id: number, mark: string): void {
    this.addRun({ firstId: id, lastId: id, mark });
  }

  /** @param run follows what is remembered */
  addRun({ firstId, lastId, mark }: Run): void {
    const last = this.#runs.at(-1);
    if (last && last.mark === mark && last.lastId === firstId - 1)
      this.#runs[this.#runs.length - 1] = { firstId: last.firstId, lastId, mark };
    else this.#runs.push({ firstId, lastId, mark });
    if (this.#runs.length > MAX_RUNS) this.#runs.splice(0, MAX_RUNS >> 2);
  }

  clear(): void {
    this.#runs = [];
  }
}

/** How many rows are looked up first; each further step looks up eight times as many. */
const FIRST_LOOKUP = 64;

/**
 * The first position from which on the log may differ from what is remembered: 1 where nothing that is remembered is
 * left, `undefined` where nothing differs.
 * @param runs what is remembered, ascending
 * @param lookUp the marks of those of these rows that the log has
 * @param prunedBelow rows below may be missing because of their age: that is no difference
 */
export async function findDivergence(
  runs: readonly Pick<Run, 'lastId' | 'mark'>[],
  lookUp: (ids: readonly number[]) => Promise<ReadonlyMap<number, string>>,
  prunedBelow: number,
): Promise<number | undefined> {
  let differs = false;
  for (let end = runs.length, size = FIRST_LOOKUP; end > 0; end -= size, size *= 8) {
    const part = runs.slice(Math.max(0, end - size), end).reverse();
    const marks = await lookUp(part.map(({ lastId }) => lastId));
    for (const { lastId, mark } of part) {
      const found = marks.get(lastId);
      if (found === mark) return differs ? lastId + 1 : undefined;
      if (found !== undefined || lastId >= prunedBelow) differs = true;
    }
  }
  return differs ? 1 : undefined;
}

import type { Queries } from '../db/database.ts';
import { type ProblemFacts, readProblemFacts } from '../platform/contest-facts.ts';

/** Max age of the titles of problems, ms: reading the number of their tests is expensive. */
const MAX_AGE_MS = 30_000;

/**
 * Reads the problems of a contest, seldom while it has the same ones. Tokens do not account for that: a client may come from a
 * node that issued its token with an older title. So the problems are sent again once no node has titles from before a change.
 */
export class ContestProblems {
  readonly #database: Pick<Queries, 'query'>;
  #ids = '';
  #readAt = Number.NEGATIVE_INFINITY;
  /** Time from which on they are sent again; undefined: all of what is known was sent late enough. */
  #repeatAt: number | undefined;
  /** Time at which no node has a title from before the last change. */
  #agedAt = 0;

  constructor(database: Pick<Queries, 'query'>) {
    this.#database = database;
  }

  /** @returns undefined where what was read before is recent enough */
  async read(ids: readonly number[]): Promise<ProblemFacts[] | undefined> {
    const now = performance.now();
    const same = ids.join() === this.#ids;
    if (same && now - this.#readAt <= MAX_AGE_MS) return undefined;
    const problems = await readProblemFacts(this.#database, ids);
    this.#ids = ids.join();
    this.#readAt = now;
    return problems;
  }

  /** Reads everything the next time: what was read last was not applied. */
  invalidate(): void {
    this.#readAt = Number.NEGATIVE_INFINITY;
  }

  /** Whether they are sent again with changes that are read from now on. */
  get repeats(): boolean {
    return this.#repeatAt !== undefined && performance.now() > this.#repeatAt;
  }

  /** Records that what was read is sent. @param changed whether the problems are others than before, or the first */
  applied(changed: boolean, repeated: boolean): void {
    const now = performance.now();
    if (changed) this.#agedAt = now + MAX_AGE_MS;
    if (repeated) this.#repeatAt = undefined;
    if (this.#agedAt > now) this.#repeatAt ??= this.#agedAt;
  }
}

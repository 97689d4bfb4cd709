/** So many players of one contest are read one by one; beyond it all of them are. */
const MOST_NAMED = 1_000;

/** Contests whose standings may have changed, and since when. */
export class Touched {
  readonly #contests = new Map<number, { players: Set<number> | 'all'; notBefore: number }>();
  readonly #onTouch: () => void;

  constructor(onTouch: () => void) {
    this.#onTouch = onTouch;
  }

  /** @param playerId whose row; left out: anybody's @param notBefore when it may be taken (`performance.now()`) */
  add(contestId: number, playerId?: number, notBefore = 0): void {
    const known = this.#contests.get(contestId);
    const entry = known ?? { players: new Set<number>(), notBefore };
    entry.notBefore = Math.max(entry.notBefore, notBefore);
    if (playerId === undefined) entry.players = 'all';
    else if (entry.players !== 'all' && entry.players.add(playerId).size > MOST_NAMED) entry.players = 'all';
    if (known) return;
    this.#contests.set(contestId, entry);
    this.#onTouch();
  }

  *entries(): Iterable<readonly [contestId: number, notBefore: number]> {
    for (const [contestId, { notBefore }] of this.#contests) yield [contestId, notBefore];
  }

  /** Whose rows of this contest are to be read; it is no longer touched then. */
  take(contestId: number): ReadonlySet<number> | 'all' {
    const players = this.#contests.get(contestId)?.players ?? new Set();
    this.#contests.delete(contestId);
    return players;
  }
}

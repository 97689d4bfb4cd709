/** Max dirty players per contest that are named; beyond it all players of the contest count as dirty. */
const MAX_NAMED = 1_000;

/** Reports that a contest's scores may have changed. @param playerId whose score; omitted: any player's */
export type MarkDirty = (contestId: number, playerId?: number) => void;

/** Contests whose published leaderboard may differ from the platform's scores. */
export class DirtyContests {
  readonly #contests = new Map<number, { players: Set<number> | 'all'; notBefore: number }>();
  readonly #onDirty: () => void;

  /** @param onDirty called when a clean contest becomes dirty */
  constructor(onDirty: () => void) {
    this.#onDirty = onDirty;
  }

  /**
   * @param playerId whose score; omitted: any player's
   * @param notBefore when the contest may be updated, as of `performance.now()`
   */
  mark(contestId: number, playerId?: number, notBefore = 0): void {
    const known = this.#contests.get(contestId);
    const entry = known ?? { players: new Set<number>(), notBefore };
    entry.notBefore = Math.max(entry.notBefore, notBefore);
    if (playerId === undefined) entry.players = 'all';
    else if (entry.players !== 'all' && entry.players.add(playerId).size > MAX_NAMED) entry.players = 'all';
    if (known) return;
    this.#contests.set(contestId, entry);
    this.#onDirty();
  }

  *entries(): Iterable<readonly [contestId: number, notBefore: number]> {
    for (const [contestId, { notBefore }] of this.#contests) yield [contestId, notBefore];
  }

  /** Removes a contest. @returns its dirty players */
  take(contestId: number): ReadonlySet<number> | 'all' {
    const players = this.#contests.get(contestId)?.players ?? new Set();
    this.#contests.delete(contestId);
    return players;
  }

  clear(): void {
    this.#contests.clear();
  }
}

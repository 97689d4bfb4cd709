import type { Unshowable } from '../platform/unshowable.ts';

/** Max rows that one line of the log names. */
const MAX_NAMED = 3;

/** Rows that are left out of leaderboards because they cannot be shown. Each is named in the log once. */
export class LeftOutRows {
  /** Ids of players, by contest. */
  readonly #contests = new Map<number, ReadonlySet<string>>();
  readonly #log: (line: string) => void;

  constructor(log: (line: string) => void) {
    this.#log = log;
  }

  /** Number of rows that are left out now, as far as this process has read them. */
  get size(): number {
    let size = 0;
    for (const players of this.#contests.values()) size += players.size;
    return size;
  }

  /**
   * Records what was left out of a reading.
   *
   * @param players whose rows were read
   */
  record(contestId: number, players: ReadonlySet<number> | 'all', rows: readonly Unshowable[]): void {
    const known = this.#contests.get(contestId) ?? new Set<string>();
    if (known.size === 0 && rows.length === 0) return;
    const read = players === 'all' ? known : new Set([...players].map(String));
    const kept = [...known].filter((playerId) => !read.has(playerId));
    const now = new Set([...kept, ...rows.map(({ playerId }) => playerId)]);
    if (now.size === 0) this.#contests.delete(contestId);
    else this.#contests.set(contestId, now);

    const added = rows.filter(({ playerId }) => !known.has(playerId));
    if (added.length > 0) this.#log(describeLeftOut(contestId, added));
  }

  /** Drops a contest that no longer exists. */
  delete(contestId: number): void {
    this.#contests.delete(contestId);
  }

  clear(): void {
    this.#contests.clear();
  }
}

/** Sentence about rows that are left out of a contest's leaderboard. */
export function describeLeftOut(contestId: number | string, rows: readonly Unshowable[]): string {
  const named = rows.slice(0, MAX_NAMED).map(({ playerId, reason }) => `player ${playerId}: ${reason}`);
  const more = rows.length > MAX_NAMED ? `; and ${rows.length - MAX_NAMED} more` : '';
  return `contest ${contestId}: rows of contest_participant are left out of its leaderboard (${named.join('; ')}${more}). Correct them there.`;
}

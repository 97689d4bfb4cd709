import type { PlayerSessions, PresentPlayers } from './present-players.ts';

/** Difference between who is present and who was announced as online. */
export interface PresenceDelta {
  readonly came: readonly number[];
  readonly went: readonly number[];
}

export interface PresenceChangesOptions {
  readonly players: Pick<PresentPlayers, 'read' | 'changedWithin'>;
  /** Time between two full comparisons, ms. */
  readonly fullMs: number;
  /** A monotonic time, ms. */
  readonly now?: () => number;
}

/** Max duration of a write, ms: its time is that of its begin, and it is visible with its end. */
const MAX_WRITE_MS = 8_000;

/**
 * Finds who came and who went since the last call. It reads the players of whom sessions were written since, and those
 * whose grace is over, so a call costs what has changed, however many are present. The first call, and one from time to
 * time, compares all: a safety net for what a clock that was set back may hide.
 */
export class PresenceChanges {
  readonly #options: PresenceChangesOptions;
  readonly #now: () => number;
  /** Players who are present only until this time, by `now`. */
  readonly #graceEnds = new Map<number, number>();
  /** Players whose change was found and has not been announced. */
  readonly #unannounced = new Set<number>();
  /** Writes that the last call has seen. */
  #seen = new Map<number, string>();
  #readAt = Number.NEGATIVE_INFINITY;
  #fullAt = Number.NEGATIVE_INFINITY;

  constructor(options: PresenceChangesOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /**
   * @param announced players who were announced as online
   * @param limit max players on either side; the next call has the rest
   * @throws errors of the database; then nothing is known, and the caller needs another instance
   */
  async next(announced: ReadonlySet<number>, limit: number): Promise<PresenceDelta> {
    const now = this.#now();
    const full = now - this.#fullAt >= this.#options.fullMs;
    if (full) this.#fullAt = now;
    const delta = full ? await this.#all(announced, now) : await this.#changed(announced, now);
    this.#unannounced.clear();
    for (const side of [delta.came, delta.went])
      for (const id of side.slice(limit)) this.#unannounced.add(id);
    return { came: delta.came.slice(0, limit), went: delta.went.slice(0, limit) };
  }

  async #all(announced: ReadonlySet<number>, now: number): Promise<PresenceDelta> {
    this.#readAt = now;
    this.#graceEnds.clear();
    const present = this.#presentOf(await this.#options.players.read());
    return {
      came: [...present].filter((id) => !announced.has(id)),
      went: [...announced].filter((id) => !present.has(id)),
    };
  }

  async #changed(announced: ReadonlySet<number>, now: number): Promise<PresenceDelta> {
    const { players } = this.#options;
    const changed = await players.changedWithin(now - this.#readAt + MAX_WRITE_MS);
    this.#readAt = now;
    const candidates = new Set(this.#unannounced);
    for (const [id, endsAt] of this.#graceEnds) if (endsAt <= now) candidates.add(id);
    for (const { playerId, changedAt } of changed)
      if (this.#seen.get(playerId) !== changedAt) candidates.add(playerId);
    this.#seen = new Map(changed.map(({ playerId, changedAt }) => [playerId, changedAt]));
    if (candidates.size === 0) return { came: [], went: [] };
    for (const id of candidates) this.#graceEnds.delete(id);
    const present = this.#presentOf(await players.read([...candidates]));
    return {
      came: [...present].filter((id) => !announced.has(id)),
      went: [...candidates].filter((id) => announced.has(id) && !present.has(id)),
    };
  }

  #presentOf(rows: readonly PlayerSessions[]): Set<number> {
    const now = this.#now();
    const present = new Set<number>();
    for (const { playerId, alive, graceLeftMs } of rows) {
      if (!alive && graceLeftMs <= 0) continue;
      present.add(playerId);
      if (!alive) this.#graceEnds.set(playerId, now + graceLeftMs);
    }
    return present;
  }
}

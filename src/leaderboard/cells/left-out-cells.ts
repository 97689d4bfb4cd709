import type { CellsAudience } from './cells-rows.ts';

/** Max players that one line of the log names. */
const MAX_NAMED = 3;

/** Players whose cells are left out, since the database does not take them at once. Each is named in the log once. */
export class LeftOutCells {
  /** Ids of players, by contest and audience. */
  readonly #contests = new Map<number, Map<CellsAudience, ReadonlySet<number>>>();
  readonly #log: (line: string) => void;

  constructor(log: (line: string) => void) {
    this.#log = log;
  }

  /** Number of players that are left out now, each once per contest. */
  get size(): number {
    let size = 0;
    for (const contestId of this.#contests.keys()) size += this.#playersOf(contestId).size;
    return size;
  }

  /** Records all players of a contest that are left out for an audience. */
  record(contestId: number, audience: CellsAudience, players: ReadonlySet<number>): void {
    const known = this.#playersOf(contestId);
    const audiences = this.#contests.get(contestId) ?? new Map<CellsAudience, ReadonlySet<number>>();
    if (players.size > 0) this.#contests.set(contestId, audiences.set(audience, new Set(players)));
    else if (audiences.delete(audience) && audiences.size === 0) this.#contests.delete(contestId);
    const added = [...players].filter((playerId) => !known.has(playerId));
    if (added.length > 0) this.#log(describeLeftOutCells(contestId, added));
  }

  /** Drops a contest that is no longer updated. */
  delete(contestId: number): void {
    this.#contests.delete(contestId);
  }

  clear(): void {
    this.#contests.clear();
  }

  #playersOf(contestId: number): Set<number> {
    return new Set([...(this.#contests.get(contestId)?.values() ?? [])].flatMap((players) => [...players]));
  }
}

function describeLeftOutCells(contestId: number, players: readonly number[]): string {
  const named = players.slice(0, MAX_NAMED).join(', ');
  const more = players.length > MAX_NAMED ? `, and ${players.length - MAX_NAMED} more` : '';
  return `contest ${contestId}: cells are left out that exceed max_allowed_packet (of players ${named}${more}). Raise it and restart the nodes.`;
}

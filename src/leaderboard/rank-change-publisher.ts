import type { Database } from '../db/database.ts';
import { prepare } from '../log/prepare.ts';
import type { Publisher } from '../log/publisher.ts';
import { readContestState } from '../platform/scores.ts';
import type { Standing } from '../protocol/board.ts';
import { movesHead, settlesMoves } from './row-statements.ts';
import type { BoardHead } from './stored-leaderboard.ts';

export interface TellerOptions {
  readonly database: Pick<Database, 'query' | 'transaction'>;
  readonly publisher: Pick<Publisher, 'publishUnits'>;
}

/** So many moves are told in one append. */
const BATCH = 400;

/**
 * Moves of rank that are still to be told, so that a burst tells each player once: from the rank it began at to the rank
 * it ended at, and nothing where both are the same. They wait in the tables, written with the standings that moved and
 * taken with the events that tell of them: when another node goes on, none is lost and none is told twice.
 */
export class RankTeller {
  readonly #options: TellerOptions;
  readonly #contestId: number;
  readonly #waiting: Map<number, number>;
  /** When the oldest of them began (`performance.now()`). */
  #since: number | undefined;

  /** @param waiting by player: the rank from which a move is to be told, 0 for none */
  constructor(options: TellerOptions, contestId: number, waiting: ReadonlyMap<number, number>) {
    this.#options = options;
    this.#contestId = contestId;
    this.#waiting = new Map(waiting);
    if (waiting.size > 0) this.#since = performance.now();
  }

  get waiting(): ReadonlyMap<number, number> {
    return this.#waiting;
  }

  /** Since when something waits, as of `performance.now()`. */
  get since(): number | undefined {
    return this.#since;
  }

  /** Of these moves, those of players of whom none waits yet. */
  fresh(moves: ReadonlyMap<number, number>): Map<number, number> {
    return new Map([...moves].filter(([playerId]) => !this.#waiting.has(playerId)));
  }

  /** They are written and wait from now on. @param now whether they are to be told without waiting for more */
  note(moves: ReadonlyMap<number, number>, { now = false } = {}): void {
    for (const [playerId, from] of moves) this.#waiting.set(playerId, from);
    if (this.#waiting.size > 0) this.#since ??= now ? Number.NEGATIVE_INFINITY : performance.now();
  }

  /** While standings are frozen nothing is told; what waits is kept with the rows that are shown. */
  forget(): void {
    this.#waiting.clear();
    this.#since = undefined;
  }

  /** Tells of them, as the standings are in `rows`. */
  async tell(head: BoardHead, rows: ReadonlyMap<number, Standing>): Promise<void> {
    const contest = await readContestState(this.#options.database, this.#contestId);
    // Frozen meanwhile: the standings will be told so first.
    if (!contest || contest.frozen) return;
    while (this.#waiting.size > 0) {
      const batch = [...this.#waiting].slice(0, BATCH);
      const drafts = batch.flatMap(([playerId, from]) => {
        const row = rows.get(playerId);
        if (!row || row.rank === from) return [];
        const data = {
          playerId,
          playerName: row.playerName,
          contestId: this.#contestId,
          ...(contest.title === '' ? {} : { contestTitle: contest.title }),
          oldRank: from === 0 ? null : from,
          newRank: row.rank,
        };
        return [prepare('RANK_CHANGE', data)];
      });
      const players = batch.map(([playerId]) => playerId);
      const guards = [movesHead(this.#contestId, head, head), ...settlesMoves(this.#contestId, players)];
      await this.#options.publisher.publishUnits([{ drafts, with: guards }]);
      for (const playerId of players) this.#waiting.delete(playerId);
    }
    this.#since = undefined;
  }
}

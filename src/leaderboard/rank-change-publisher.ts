import type { Database } from '../db/database.ts';
import type { LogPublisher } from '../events/log-publisher.ts';
import { prepare } from '../events/prepare.ts';
import { readContestState } from '../platform/scores.ts';
import type { LeaderboardRow } from '../protocol/leaderboard.ts';
import { Problem } from '../protocol/problem.ts';
import { readReportedRanks } from './reported-ranks.ts';
import { advanceHead, clearPendingRankChanges } from './row-statements.ts';
import type { LeaderboardHead } from './stored-leaderboard.ts';

export interface RankChangePublisherOptions {
  readonly database: Pick<Database, 'query' | 'execute' | 'transaction' | 'snapshot'>;
  readonly publisher: Pick<LogPublisher, 'publishUnits'>;
}

/** Max rank changes per append. */
const MAX_BATCH = 400;

/**
 * Debounces rank changes of one contest: a burst is published once per player, from the rank at which it began to the
 * rank at which it ended, and not at all where both are equal. Ranks also move without a report, of players who are only
 * overtaken below the first ranks: each report begins at the rank that was reported last. Pending changes are saved in the transaction that publishes
 * the rows, and cleared in the one that publishes the events, so a change of leader neither loses nor repeats any.
 */
export class RankChangePublisher {
  readonly #options: RankChangePublisherOptions;
  readonly #contestId: number;
  readonly #pending: Map<number, number>;
  /** Rank that was reported last, by player; undefined: none was. */
  readonly #reported = new Map<number, number | undefined>();
  #oldestAt: number | undefined;

  /** @param pending rank at which an unpublished change began, by player; 0: unranked */
  constructor(options: RankChangePublisherOptions, contestId: number, pending: ReadonlyMap<number, number>) {
    this.#options = options;
    this.#contestId = contestId;
    this.#pending = new Map(pending);
    if (pending.size > 0) this.#oldestAt = performance.now();
  }

  get pending(): ReadonlyMap<number, number> {
    return this.#pending;
  }

  /** When the oldest pending change was added, as of `performance.now()`; undefined: nothing is pending. */
  get oldestAt(): number | undefined {
    return this.#oldestAt;
  }

  /** The changes of players who have none pending yet. */
  withoutPending(changes: ReadonlyMap<number, number>): Map<number, number> {
    return new Map([...changes].filter(([playerId]) => !this.#pending.has(playerId)));
  }

  /** Adds changes that have been saved. @param due whether they are to be published without a debounce */
  add(changes: ReadonlyMap<number, number>, { due = false } = {}): void {
    for (const [playerId, from] of changes) this.#pending.set(playerId, from);
    if (this.#pending.size > 0) this.#oldestAt ??= due ? Number.NEGATIVE_INFINITY : performance.now();
  }

  /** Drops all, at a freeze: what is pending stays saved in the shown rows. */
  clear(): void {
    this.#pending.clear();
    this.#oldestAt = undefined;
  }

  /**
   * Publishes all pending changes. Does nothing while the contest is frozen.
   * @param rows the published rows, by player
   * @param freezing whether a freeze is about to be published: what moved before it is public
   * @throws Problem `superseded` when another node has published since `head`
   */
  async publish(
    head: LeaderboardHead,
    rows: ReadonlyMap<number, LeaderboardRow>,
    { freezing = false } = {},
  ): Promise<void> {
    const contest = await readContestState(this.#options.database, this.#contestId);
    // Frozen meanwhile: the freeze is published first.
    if (!contest || (contest.frozen && !freezing)) return;
    let size = MAX_BATCH;
    while (this.#pending.size > 0) {
      const batch = [...this.#pending].slice(0, size);
      const players = batch.map(([playerId]) => playerId);
      await this.#readReported(players);
      const reported = new Map<number, number>();
      const drafts = batch.flatMap(([playerId, began]) => {
        const row = rows.get(playerId);
        const from = this.#reported.get(playerId) ?? began;
        if (!row || row.rank === from) return [];
        reported.set(playerId, row.rank);
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
      const guards = [
        advanceHead(this.#contestId, head, head),
        ...clearPendingRankChanges(this.#contestId, players),
      ];
      try {
        await this.#options.publisher.publishUnits([{ drafts, preconditions: guards, wasFrozen: false }]);
      } catch (error) {
        // The database takes less at once.
        if (!(error instanceof Problem && error.code === 'body-too-large') || size === 1) throw error;
        size = Math.ceil(batch.length / 2);
        continue;
      }
      for (const playerId of players) this.#pending.delete(playerId);
      for (const [playerId, rank] of reported) this.#reported.set(playerId, rank);
    }
    this.#oldestAt = undefined;
  }

  async #readReported(players: readonly number[]): Promise<void> {
    const unknown = players.filter((playerId) => !this.#reported.has(playerId));
    const read = await readReportedRanks(this.#options.database, this.#contestId, unknown);
    for (const playerId of unknown) this.#reported.set(playerId, read.get(playerId));
  }
}

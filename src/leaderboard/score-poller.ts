import type { Queries } from '../db/database.ts';
import { IS_FROZEN } from '../platform/freeze.ts';
import { readContestChecksums, readPlayerChecksums } from '../platform/scores.ts';
import { isShowableId } from '../platform/unshowable.ts';
import type { MarkDirty } from './dirty-contests.ts';
import { IS_ONGOING, IS_POLLED, LEADERBOARD_JOINS } from './stored-leaderboard.ts';

/** Contests that may change, and those whose freeze differs from the published one. */
const POLLED = `
  SELECT c.id, b.frozen <> ${IS_FROZEN} AS turned
    FROM ${LEADERBOARD_JOINS}
   WHERE ${isShowableId('c.id')}
     AND ((c.status = 'LIVE' AND ${IS_ONGOING}) OR (b.contest_id IS NOT NULL AND ${IS_POLLED}))`;
/** Leaderboards of deleted contests; 0 is the global leaderboard. */
const ORPHANED = `
  SELECT b.contest_id AS id FROM standings_board b LEFT JOIN contest c ON c.id = b.contest_id
   WHERE c.id IS NULL AND b.contest_id <> 0 LIMIT 100`;

/**
 * Finds changed scores by polling the platform's tables, where no trigger or event reports them. A poll reads one
 * checksum per contest; the players of a contest are read only where its checksum differs from the last poll's.
 */
export class ScorePoller {
  readonly #database: Pick<Queries, 'query'>;
  readonly #markDirty: MarkDirty;
  /** Checksum of all scores, by contest. */
  #contests = new Map<number, string>();
  /** Checksum of each score, by contest and player, for contests that changed before. */
  readonly #players = new Map<number, ReadonlyMap<number, number>>();

  constructor(database: Pick<Queries, 'query'>, markDirty: MarkDirty) {
    this.#database = database;
    this.#markDirty = markDirty;
  }

  /** Polls all contests once. A contest that is seen for the first time counts as dirty. */
  async poll(): Promise<void> {
    for (const { id } of await this.#database.query<{ id: number }>(ORPHANED)) this.#markDirty(id);
    const polled = await this.#database.query<{ id: number; turned: number | null }>(POLLED);
    for (const { id, turned } of polled) if (turned) this.#markDirty(id);
    const ids = polled.map(({ id }) => id);
    const read = await readContestChecksums(this.#database, ids);
    const checksums = new Map(ids.map((id) => [id, read.get(id) ?? '0']));
    for (const [contestId, checksum] of checksums) {
      const before = this.#contests.get(contestId);
      if (before === undefined) this.#markDirty(contestId);
      else if (before !== checksum) await this.#pollPlayers(contestId);
    }
    for (const contestId of this.#players.keys())
      if (!checksums.has(contestId)) this.#players.delete(contestId);
    this.#contests = checksums;
  }

  async #pollPlayers(contestId: number): Promise<void> {
    const before = this.#players.get(contestId);
    const checksums = await readPlayerChecksums(this.#database, contestId);
    this.#players.set(contestId, checksums);
    if (!before) return this.#markDirty(contestId);
    for (const [playerId, checksum] of checksums)
      if (before.get(playerId) !== checksum) this.#markDirty(contestId, playerId);
    for (const playerId of before.keys()) if (!checksums.has(playerId)) this.#markDirty(contestId, playerId);
  }
}

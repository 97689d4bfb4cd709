import type { Queries } from '../db/database.ts';
import { IS_GOING_ON, IS_WATCHED, WITH_BOARDS } from './stored-leaderboard.ts';

/** Told that something of a contest's standings may have changed: whose row, or anybody's. */
export type Touch = (contestId: number, playerId?: number) => void;

/** Contests that may change, and those whose freeze is not what was published. */
const WATCHED = `
  SELECT c.id, b.frozen <> c.leaderboard_frozen AS turned
    FROM ${WITH_BOARDS}
   WHERE (c.status = 'LIVE' AND ${IS_GOING_ON}) OR (b.contest_id IS NOT NULL AND ${IS_WATCHED})`;
/** Boards of contests that are no more; 0 stands for none. */
const LEFT_OVER = `
  SELECT b.contest_id AS id FROM standings_board b LEFT JOIN contest c ON c.id = b.contest_id
   WHERE c.id IS NULL AND b.contest_id <> 0 LIMIT 100`;

/** Everything of a row that is shown, as a number. Each text is a number first: their collations may not go together. */
const PRINT = `CRC32(CONCAT_WS(',', cp.player_id, cp.final_rating, cp.problems_solved, cp.penalty_mins,
  IFNULL(cp.last_solved_at, ''), CRC32(cp.mode), CRC32(p.tier), CRC32(u.name), IFNULL(CRC32(u.profile_picture), '')))`;
const ROWS = `contest_participant cp JOIN player p ON p.id = cp.player_id JOIN users u ON u.id = p.user_id`;

/**
 * Finds changed scores by looking at the platform's tables, for where nobody tells of them. A look reads one number per
 * contest; who changed is asked only where that number is another than at the last look.
 */
export class ScoreWatch {
  readonly #database: Pick<Queries, 'query'>;
  readonly #touch: Touch;
  /** By contest: how many take part, and the sum of their rows' numbers. */
  #sums = new Map<number, string>();
  /** By contest and player, for contests that were seen to change. */
  readonly #prints = new Map<number, ReadonlyMap<number, number>>();

  constructor(database: Pick<Queries, 'query'>, touch: Touch) {
    this.#database = database;
    this.#touch = touch;
  }

  /** One look at everything. A contest that is seen for the first time counts as touched. */
  async look(): Promise<void> {
    for (const { id } of await this.#database.query<{ id: number }>(LEFT_OVER)) this.#touch(id);
    const watched = await this.#database.query<{ id: number; turned: number | null }>(WATCHED);
    for (const { id, turned } of watched) if (turned) this.#touch(id);
    const sums = await this.#readSums(watched.map(({ id }) => id));
    for (const [contestId, sum] of sums) {
      const before = this.#sums.get(contestId);
      if (before === undefined) this.#touch(contestId);
      else if (before !== sum) await this.#lookCloser(contestId);
    }
    for (const contestId of this.#prints.keys()) if (!sums.has(contestId)) this.#prints.delete(contestId);
    this.#sums = sums;
  }

  async #readSums(contests: readonly number[]): Promise<Map<number, string>> {
    const sums = new Map(contests.map((id) => [id, '0']));
    if (contests.length === 0) return sums;
    const rows = await this.#database.query<{ id: number; players: number; sum: string }>(
      `SELECT cp.contest_id AS id, COUNT(*) AS players, SUM(${PRINT}) AS sum FROM ${ROWS}
        WHERE cp.contest_id IN (?) GROUP BY cp.contest_id`,
      [contests],
    );
    for (const { id, players, sum } of rows) sums.set(id, `${players}/${sum}`);
    return sums;
  }

  async #lookCloser(contestId: number): Promise<void> {
    const rows = await this.#database.query<{ playerId: number; print: number }>(
      `SELECT cp.player_id AS playerId, ${PRINT} AS print FROM ${ROWS} WHERE cp.contest_id = ?`,
      [contestId],
    );
    const before = this.#prints.get(contestId);
    const prints = new Map(rows.map(({ playerId, print }) => [playerId, Number(print)]));
    this.#prints.set(contestId, prints);
    if (!before) return this.#touch(contestId);
    for (const [playerId, print] of prints)
      if (before.get(playerId) !== print) this.#touch(contestId, playerId);
    for (const playerId of before.keys()) if (!prints.has(playerId)) this.#touch(contestId, playerId);
  }
}

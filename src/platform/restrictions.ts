import type { Queries } from '../db/database.ts';
import { holdsPlayers, IS_FROZEN } from './freeze.ts';

/** What is restricted now. */
export interface Restrictions {
  /** Contests whose leaderboards are frozen. */
  readonly frozen: ReadonlySet<number>;
  /** Those of them that have ended. */
  readonly over: ReadonlySet<number>;
  /** Contests that are private, or drafts. */
  readonly private: ReadonlySet<number>;
  /** Players whose public XP, level and tier are held, each with a frozen contest that holds them. */
  readonly held: ReadonlyMap<number, number>;
}

/** Contests and players of whom something is to be published. */
export interface RestrictionQuery {
  readonly contests: readonly number[];
  readonly players: readonly number[];
}

/**
 * Reads what of these contests and players is restricted now.
 *
 * @param holdDays how long after its end a frozen contest holds the XP of its participants, in days
 */
export async function readRestrictions(
  database: Pick<Queries, 'query'>,
  { contests, players }: RestrictionQuery,
  holdDays?: number,
): Promise<Restrictions> {
  const found =
    contests.length === 0
      ? []
      : await database.query<{ id: number; frozen: number; ended: number; closed: number }>(
          `SELECT c.id, ${IS_FROZEN} AS frozen, c.status = 'ENDED' AS ended, (NOT c.is_public OR c.status = 'DRAFT') AS closed
             FROM contest c WHERE c.id IN (?) AND (c.leaderboard_frozen OR NOT c.is_public OR c.status = 'DRAFT')`,
          [contests],
        );
  const held =
    players.length === 0
      ? []
      : await database.query<{ playerId: number; contestId: number }>(
          `SELECT cp.player_id AS playerId, MIN(cp.contest_id) AS contestId
             FROM contest_participant cp JOIN contest c ON c.id = cp.contest_id
            WHERE cp.player_id IN (?) AND ${holdsPlayers(holdDays)} GROUP BY cp.player_id`,
          [players],
        );
  const frozen = found.filter((contest) => Number(contest.frozen) === 1);
  return {
    frozen: new Set(frozen.map(({ id }) => id)),
    over: new Set(frozen.filter(({ ended }) => Number(ended) === 1).map(({ id }) => id)),
    private: new Set(found.filter(({ closed }) => Number(closed) === 1).map(({ id }) => id)),
    held: new Map(held.map(({ playerId, contestId }) => [playerId, contestId])),
  };
}

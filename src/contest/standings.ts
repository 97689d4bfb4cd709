import type { Queries } from '../db/database.ts';
import { type PlatformClock, SERVER_CLOCK } from './platform-clock.ts';

/** One row of a contest's standings, as the catalogue's `standing` has it. */
export interface Standing {
  readonly playerId: number;
  readonly playerName: string;
  readonly picture: string | null;
  readonly tier: 'BRONZE' | 'SILVER' | 'GOLD' | null;
  readonly mode: 'PRECISION' | 'GRINDER' | 'LEGEND' | null;
  readonly rank: number;
  readonly finalRating: number;
  readonly problemsSolved: number;
  readonly penaltyMins: number;
  readonly lastSolvedAt: string | null;
}

export interface Standings {
  readonly contestId: number;
  /** Frozen standings stand still for players: they are shown none, since any would tell of movement. */
  readonly frozen: boolean;
  readonly total: number;
  readonly rows: readonly Standing[];
}

/** One row of the standings of all players. */
export interface GlobalStanding {
  readonly playerId: number;
  readonly playerName: string;
  readonly rank: number;
  readonly xp: number;
  readonly level: number;
  readonly tier: 'BRONZE' | 'SILVER' | 'GOLD';
  readonly subRank: string;
}

/** Which part of the standings: `limit` rows after the first `offset`. */
export interface Range {
  readonly limit: number;
  readonly offset: number;
}

/**
 * The standings of a contest that is known to exist, as they are now.
 * @param seesFrozen whether the reader may see the real standings of a frozen contest
 */
export async function readStandings(
  database: Pick<Queries, 'query'>,
  contestId: number,
  seesFrozen: boolean,
  { limit, offset }: Range,
  clock: PlatformClock = SERVER_CLOCK,
): Promise<Standings> {
  const rows = await database.query<Omit<Standing, 'lastSolvedAt'> & { lastSolvedAt: Date | null }>(
    `SELECT player_id AS playerId, player_name AS playerName, picture, tier, mode, live_rank AS \`rank\`,
            final_rating AS finalRating, problems_solved AS problemsSolved, penalty_mins AS penaltyMins,
            ${clock.sql('last_solved_at')} AS lastSolvedAt
       FROM v_contest_leaderboard WHERE contest_id = ?
      ORDER BY live_rank, player_id LIMIT ${Math.trunc(limit)} OFFSET ${Math.trunc(offset)}`,
    [contestId],
  );
  // After the rows: whatever was frozen when they were read is so still, or is public by now.
  const [contest] = await database.query<{ frozen: number; total: number }>(
    `SELECT c.leaderboard_frozen AS frozen,
            (SELECT COUNT(*) FROM contest_participant cp WHERE cp.contest_id = c.id) AS total
       FROM contest c WHERE c.id = ?`,
    [contestId],
  );
  const frozen = Number(contest?.frozen ?? 0) === 1;
  const total = Number(contest?.total ?? 0);
  if (frozen && !seesFrozen) return { contestId, frozen, total, rows: [] };
  return {
    contestId,
    frozen,
    total,
    rows: rows.map((row) => ({
      ...row,
      rank: Number(row.rank),
      finalRating: Number(row.finalRating),
      problemsSolved: Number(row.problemsSolved),
      penaltyMins: Number(row.penaltyMins),
      lastSolvedAt: clock.instant(row.lastSolvedAt)?.toISOString() ?? null,
    })),
  };
}

/** Players by XP. Equal XP shares a rank, and the next ranks are left out (1, 1, 3). */
export async function readGlobalStandings(
  database: Pick<Queries, 'query'>,
  { limit, offset }: Range,
): Promise<GlobalStanding[]> {
  // No RANK() here: it would sort all players for every page. One direction, so that an index on xp is read backwards.
  const rows = await database.query<Omit<GlobalStanding, 'rank'>>(
    `SELECT p.id AS playerId, u.name AS playerName, p.xp, p.level, p.tier, p.sub_rank AS subRank
       FROM player p STRAIGHT_JOIN users u ON u.id = p.user_id
      ORDER BY p.xp DESC, p.id DESC LIMIT ${Math.trunc(limit)} OFFSET ${Math.trunc(offset)}`,
  );
  const [first] = rows;
  if (first === undefined) return [];
  const [ahead] = await database.query<{ players: number }>(
    'SELECT COUNT(*) AS players FROM player WHERE xp > ?',
    [first.xp],
  );
  let rank = Number(ahead?.players ?? 0) + 1;
  let xp = Number(first.xp);
  return rows.map((row, index) => {
    if (Number(row.xp) !== xp) rank = Math.trunc(offset) + index + 1;
    xp = Number(row.xp);
    return { ...row, rank, xp, level: Number(row.level) };
  });
}

import type { Queries } from '../db/database.ts';

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

import type { Queries } from '../db/database.ts';
import type { GlobalStanding } from '../protocol/api/leaderboard.ts';
import { TIERS } from '../protocol/enums.ts';
import { truncate } from '../util/truncate.ts';
import { isShowableId } from './unshowable.ts';

const MAX_NAME_LENGTH = 100;
const MAX_SUB_RANK_LENGTH = 20;

/** `limit` rows after the first `offset`. */
export interface LeaderboardRange {
  readonly limit: number;
  readonly offset: number;
}

interface Row {
  readonly playerId: number;
  readonly playerName: string | null;
  readonly xp: number | string | null;
  readonly level: number | null;
  readonly tier: string | null;
  readonly subRank: string | null;
}

/** SQL: whether player `p` and user `u` are shown: as in the platform's own list, and with values that can be. */
const IS_SHOWN = `u.status = 'ACTIVE' AND ${isShowableId('p.id')} AND (p.xp IS NULL OR p.xp <= ${Number.MAX_SAFE_INTEGER})`;

/** Reads active players by XP. Equal XP shares a rank, and the next ranks are skipped (1, 1, 3). */
export async function readGlobalLeaderboard(
  database: Pick<Queries, 'query'>,
  { limit, offset }: LeaderboardRange,
): Promise<GlobalStanding[]> {
  // No RANK(): it sorts all players for every page. Both columns descend, so that an index on xp is read backwards.
  const rows = await database.query<Row>(
    `SELECT p.id AS playerId, u.name AS playerName, p.xp, p.level, p.tier, p.sub_rank AS subRank
       FROM player p STRAIGHT_JOIN users u ON u.id = p.user_id
      WHERE ${IS_SHOWN}
      ORDER BY p.xp DESC, p.id DESC LIMIT ${Math.trunc(limit)} OFFSET ${Math.trunc(offset)}`,
  );
  const [first] = rows;
  if (first === undefined) return [];
  const [ahead] = await database.query<{ players: number }>(
    `SELECT COUNT(*) AS players FROM player p JOIN users u ON u.id = p.user_id WHERE p.xp > ? AND ${IS_SHOWN}`,
    [first.xp ?? 0],
  );
  let rank = Number(ahead?.players ?? 0) + 1;
  let xp = Number(first.xp);
  return rows.map((row, index) => {
    if (Number(row.xp) !== xp) rank = Math.trunc(offset) + index + 1;
    xp = Number(row.xp);
    return standingOf(row, rank);
  });
}

/** Maps whatever the platform's columns hold to a row that can be published. */
function standingOf(row: Row, rank: number): GlobalStanding {
  const tier = TIERS.find((known) => known === row.tier);
  return {
    playerId: row.playerId,
    playerName: truncate(row.playerName ?? '', MAX_NAME_LENGTH) || `Player ${row.playerId}`,
    rank,
    xp: Math.max(0, Math.trunc(Number(row.xp))),
    level: Math.min(Number.MAX_SAFE_INTEGER, Math.max(1, Math.trunc(Number(row.level)))),
    ...(tier ? { tier } : {}),
    subRank: truncate(row.subRank ?? '', MAX_SUB_RANK_LENGTH),
  };
}

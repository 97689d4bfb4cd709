import type { Queries } from '../db/database.ts';
import type { GlobalStanding } from '../protocol/api/leaderboard.ts';
import { TIERS } from '../protocol/enums.ts';
import { truncate } from '../util/truncate.ts';
import { anyPlayersHeld, heldPlayers } from './freeze.ts';
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

export interface GlobalLeaderboardOptions extends LeaderboardRange {
  /** Whether to show what frozen contests hold back: for admins. */
  readonly real?: boolean;
  /** How long after its end a frozen contest holds the XP of its participants, in days. */
  readonly holdDays?: number | undefined;
}

/** Reads active players by their public XP. Equal XP shares a rank, and the next ranks are skipped (1, 1, 3). */
export async function readGlobalLeaderboard(
  database: Pick<Queries, 'query'>,
  options: GlobalLeaderboardOptions,
): Promise<GlobalStanding[]> {
  const held = !options.real && (await anyPlayersHeld(database, options.holdDays));
  const rows = held ? await readPublicRows(database, options) : await readRows(database, options);
  const [first] = rows;
  if (first === undefined) return [];
  const ahead = await countAhead(database, first.xp ?? 0, held ? options : undefined);
  let rank = ahead + 1;
  let xp = Number(first.xp);
  return rows.map((row, index) => {
    if (Number(row.xp) !== xp) rank = Math.trunc(options.offset) + index + 1;
    xp = Number(row.xp);
    return rowOf(row, rank);
  });
}

function readRows(database: Pick<Queries, 'query'>, { limit, offset }: LeaderboardRange): Promise<Row[]> {
  // No RANK(): it sorts all players for every page. Both columns descend, so that an index on xp is read backwards.
  return database.query<Row>(
    `SELECT p.id AS playerId, u.name AS playerName, p.xp, p.level, p.tier, p.sub_rank AS subRank
       FROM player p STRAIGHT_JOIN users u ON u.id = p.user_id
      WHERE ${IS_SHOWN}
      ORDER BY p.xp DESC, p.id DESC LIMIT ${Math.trunc(limit)} OFFSET ${Math.trunc(offset)}`,
  );
}

/** Reads players whom no freeze holds by the index on XP, and those held by their XP at the freeze, and merges both. */
function readPublicRows(
  database: Pick<Queries, 'query'>,
  { limit, offset, holdDays }: GlobalLeaderboardOptions,
): Promise<Row[]> {
  const end = Math.trunc(offset) + Math.trunc(limit);
  return database.query<Row>(
    `WITH held AS (${heldPlayers(holdDays)})
     SELECT * FROM (
       (SELECT p.id AS playerId, u.name AS playerName, p.xp, p.level, p.tier, p.sub_rank AS subRank
          FROM player p STRAIGHT_JOIN users u ON u.id = p.user_id
         WHERE ${IS_SHOWN} AND p.id NOT IN (SELECT player_id FROM held)
         ORDER BY p.xp DESC, p.id DESC LIMIT ${end})
       UNION ALL
       (SELECT p.id, u.name, h.xp, h.level, h.tier, h.sub_rank
          FROM held h JOIN player p ON p.id = h.player_id JOIN users u ON u.id = p.user_id
         WHERE ${IS_SHOWN} ORDER BY h.xp DESC, p.id DESC LIMIT ${end})) merged
      ORDER BY xp DESC, playerId DESC LIMIT ${Math.trunc(limit)} OFFSET ${Math.trunc(offset)}`,
  );
}

/** Counts the players with more public XP. */
async function countAhead(
  database: Pick<Queries, 'query'>,
  xp: number | string,
  held: GlobalLeaderboardOptions | undefined,
): Promise<number> {
  const from = 'player p JOIN users u ON u.id = p.user_id';
  const [ahead] = await database.query<{ players: number }>(
    held === undefined
      ? `SELECT COUNT(*) AS players FROM ${from} WHERE p.xp > ? AND ${IS_SHOWN}`
      : `WITH held AS (${heldPlayers(held.holdDays)})
         SELECT (SELECT COUNT(*) FROM ${from} WHERE p.xp > ? AND ${IS_SHOWN} AND p.id NOT IN (SELECT player_id FROM held))
              + (SELECT COUNT(*) FROM held h JOIN ${from} ON p.id = h.player_id WHERE h.xp > ? AND ${IS_SHOWN}) AS players`,
    held === undefined ? [xp] : [xp, xp],
  );
  return Number(ahead?.players ?? 0);
}

/** Maps whatever the platform's columns hold to a row that can be published. */
function rowOf(row: Row, rank: number): GlobalStanding {
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

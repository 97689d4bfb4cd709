import { format } from 'mysql2';
import type { Queries } from '../db/database.ts';

/** SQL: whether contest `c` is frozen: its flag is set, and no ceremony has revealed everything since. */
export const IS_FROZEN = `(c.leaderboard_frozen AND NOT EXISTS (
  SELECT 1 FROM contest_freeze rf WHERE rf.contest_id = c.id AND rf.frozen AND rf.revealed_at IS NOT NULL))`;

/** How long after the end of a frozen contest its participants' public XP is still held, in days. */
export const DEFAULT_HOLD_DAYS = 7;

/** SQL: whether contest `c` holds the public XP, level and tier of its participants. */
export function holdsPlayers(days = DEFAULT_HOLD_DAYS): string {
  return `(${IS_FROZEN} AND NOT EXISTS (
    SELECT 1 FROM contest_announced ha WHERE ha.contest_id = c.id AND ha.status = 'OVER'
       AND ha.announced_at < UTC_TIMESTAMP(3) - INTERVAL ${Math.trunc(days * 24)} HOUR))`;
}

/** A contest's present freeze, or its last one: its number, and whether a trigger saw it. */
export interface FreezeRecord {
  readonly freezeNo: number;
  readonly frozen: boolean;
  readonly exact: boolean;
}

/** Reads the record of a contest's present freeze, or its last one; undefined where there is none yet. */
export async function readFreeze(
  database: Pick<Queries, 'query'>,
  contestId: number,
): Promise<FreezeRecord | undefined> {
  const [row] = await database.query<{ freezeNo: number; frozen: number; exact: number }>(
    'SELECT freeze_no AS freezeNo, frozen, `exact` FROM contest_freeze WHERE contest_id = ?',
    [contestId],
  );
  return (
    row && {
      freezeNo: Number(row.freezeNo),
      frozen: Number(row.frozen) === 1,
      exact: Number(row.exact) === 1,
    }
  );
}

/**
 * Records the freeze of a contest whose flag is set, unless a trigger has, and holds the XP, level and tier of its
 * participants: of all, or of some. Idempotent.
 */
export async function recordFreeze(
  database: Pick<Queries, 'execute' | 'query'>,
  contestId: number,
  players: ReadonlySet<number> | 'all' = 'all',
): Promise<FreezeRecord> {
  await database.execute(
    `INSERT INTO contest_freeze (contest_id, freeze_no, frozen, frozen_at, \`exact\`)
     VALUES (?, 1, TRUE, UTC_TIMESTAMP(3), FALSE)
     ON DUPLICATE KEY UPDATE freeze_no = freeze_no + (NOT frozen), frozen_at = IF(frozen, frozen_at, VALUES(frozen_at)),
       \`exact\` = frozen AND \`exact\`, revealed_at = IF(frozen, revealed_at, NULL), frozen = TRUE`,
    [contestId],
  );
  const record = (await readFreeze(database, contestId)) as FreezeRecord;
  if (players !== 'all' && players.size === 0) return record;
  // A row that a trigger has written meanwhile is the older one, and stays.
  await database.execute(
    `INSERT IGNORE INTO frozen_player (contest_id, freeze_no, player_id, xp, level, tier, sub_rank)
     SELECT cp.contest_id, ?, p.id, p.xp, p.level, p.tier, p.sub_rank
       FROM contest_participant cp JOIN player p ON p.id = cp.player_id
      WHERE cp.contest_id = ?${players === 'all' ? '' : ' AND cp.player_id IN (?)'}`,
    players === 'all' ? [record.freezeNo, contestId] : [record.freezeNo, contestId, [...players]],
  );
  return record;
}

/**
 * Statement that records the end of a freeze, unless a later one has begun. Of one that was revealed the platform's flag
 * may still be set: that it was revealed stays recorded until the flag is cleared.
 */
export function endFreeze(contestId: number, { freezeNo }: FreezeRecord): string {
  return format(
    'UPDATE contest_freeze SET frozen = FALSE WHERE contest_id = ? AND freeze_no = ? AND revealed_at IS NULL',
    [contestId, freezeNo],
  );
}

/** Records the end of freezes that were revealed and whose flag the platform has cleared since, which no trigger reported. */
export async function endRevealedFreezes(database: Pick<Queries, 'query' | 'execute'>): Promise<void> {
  const ended = await database.query<{ contestId: number; freezeNo: number }>(
    `SELECT f.contest_id AS contestId, f.freeze_no AS freezeNo
       FROM contest_freeze f LEFT JOIN contest c ON c.id = f.contest_id
      WHERE f.frozen AND f.revealed_at IS NOT NULL AND (c.id IS NULL OR NOT c.leaderboard_frozen)`,
  );
  for (const { contestId, freezeNo } of ended)
    await database.execute(
      'UPDATE contest_freeze SET frozen = FALSE WHERE contest_id = ? AND freeze_no = ? AND revealed_at IS NOT NULL',
      [contestId, freezeNo],
    );
}

/** Deletes what was held for a freeze that is over, and for earlier ones. */
export async function deleteHeld(
  database: Pick<Queries, 'execute'>,
  contestId: number,
  { freezeNo }: FreezeRecord,
): Promise<void> {
  for (const table of ['frozen_player', 'frozen_score'])
    await database.execute(`DELETE FROM ${table} WHERE contest_id = ? AND freeze_no <= ?`, [
      contestId,
      freezeNo,
    ]);
}

/** SQL: the held values of players, each as at the earliest of the freezes that hold it. */
export function heldPlayers(days?: number): string {
  return `SELECT player_id, xp, level, tier, sub_rank FROM (
    SELECT h.player_id, h.xp, h.level, h.tier, h.sub_rank,
           ROW_NUMBER() OVER (PARTITION BY h.player_id ORDER BY f.frozen_at, h.contest_id) AS nth
      FROM contest_freeze f
      JOIN contest c ON c.id = f.contest_id
      JOIN frozen_player h ON h.contest_id = f.contest_id AND h.freeze_no = f.freeze_no
     WHERE f.frozen AND ${holdsPlayers(days)}) earliest WHERE nth = 1`;
}

/** Whether any contest holds the public XP of its participants now. */
export async function anyPlayersHeld(database: Pick<Queries, 'query'>, days?: number): Promise<boolean> {
  const rows = await database.query(
    `SELECT 1 FROM contest_freeze f JOIN contest c ON c.id = f.contest_id
      WHERE f.frozen AND ${holdsPlayers(days)} LIMIT 1`,
  );
  return rows.length > 0;
}

/** Reads the public tiers of participants of a contest that freezes of other contests hold. */
export async function readTiersHeldElsewhere(
  database: Pick<Queries, 'query'>,
  contestId: number,
  days?: number,
): Promise<Map<number, string | null>> {
  const others = await database.query(
    'SELECT 1 FROM contest_freeze WHERE frozen AND contest_id <> ? LIMIT 1',
    [contestId],
  );
  if (others.length === 0) return new Map();
  const rows = await database.query<{ playerId: number; tier: string | null }>(
    `SELECT h.player_id AS playerId, h.tier FROM (${heldPlayers(days)}) h
       JOIN contest_participant cp ON cp.contest_id = ? AND cp.player_id = h.player_id`,
    [contestId],
  );
  return new Map(rows.map(({ playerId, tier }) => [playerId, tier]));
}

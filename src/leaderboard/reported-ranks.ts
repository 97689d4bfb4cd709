import type { Queries } from '../db/database.ts';

/** Reads the rank that was reported last to each of these players in a contest; players without a report are missing. */
export async function readReportedRanks(
  database: Pick<Queries, 'query'>,
  contestId: number,
  players: readonly number[],
): Promise<Map<number, number>> {
  if (players.length === 0) return new Map();
  const rows = await database.query<{ playerId: number; reported: string | null }>(
    `SELECT a.player_id AS playerId, a.new_value AS reported FROM activity_log a
       JOIN (SELECT MAX(id) AS id FROM activity_log
              WHERE player_id IN (?) AND contest_id = ? AND action_type = 'RANK_CHANGED' AND event_id IS NOT NULL
              GROUP BY player_id) newest ON newest.id = a.id`,
    [players, contestId],
  );
  return new Map(
    rows.flatMap(({ playerId, reported }) => {
      const rank = (JSON.parse(reported ?? '{}') as { rank?: unknown }).rank;
      return typeof rank === 'number' ? [[playerId, rank] as const] : [];
    }),
  );
}

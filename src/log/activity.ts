import type { Queries } from '../db/database.ts';
import type { ActivityItem } from '../protocol/api/activity.ts';

/** A player's history, newest first, older than `before`. */
export async function readActivity(
  database: Pick<Queries, 'query'>,
  playerId: number,
  { before, limit }: { before: number | undefined; limit: number },
): Promise<ActivityItem[]> {
  const rows = await database.query<{
    id: number;
    action: string;
    contestId: number | null;
    problemId: number | null;
    oldValue: string | null;
    newValue: string | null;
    at: Date;
    eventId: number | null;
  }>(
    `SELECT id, action_type AS action, contest_id AS contestId, problem_id AS problemId, old_value AS oldValue,
            new_value AS newValue, timestamp AS at, event_id AS eventId
       FROM activity_log WHERE player_id = ? AND id < ? ORDER BY id DESC LIMIT ${Math.trunc(limit)}`,
    [playerId, before ?? Number.MAX_SAFE_INTEGER],
  );
  return rows.map((row) => ({
    ...row,
    oldValue: parsed(row.oldValue),
    newValue: parsed(row.newValue),
    // `0000-00-00` is what a session that is not strict puts where it was given nothing.
    at: Number.isNaN(row.at.getTime()) ? null : row.at.toISOString(),
  }));
}

/** MariaDB's idea of JSON is wider (`5.`), and any SQL client may have written the value, which is returned as text then. */
function parsed(stored: string | null): unknown {
  try {
    return stored === null ? null : JSON.parse(stored);
  } catch {
    return stored;
  }
}

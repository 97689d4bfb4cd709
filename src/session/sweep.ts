import type { Queries } from '../db/database.ts';

/** Retention of the rows of closed streams, days. */
export const KEEP_SESSIONS_DAYS = 30;

/** Max rows per statement. */
const BATCH = 1_000;

export interface Swept {
  /** Count of sessions marked as lost: their node sent no heartbeat in time. */
  readonly lost: number;
  /** Count of deleted rows. */
  readonly deleted: number;
}

/**
 * Marks sessions of dead nodes as lost, as of their last heartbeat, and deletes sessions that closed long ago; in batches,
 * so that row locks are short. A node that is alive after all corrects its rows with its next heartbeat.
 *
 * @param timeoutMs age of the last heartbeat from which a session counts as dead, ms
 */
export async function sweepSessions(
  database: Pick<Queries, 'execute'>,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<Swept> {
  const lost = await inBatches(
    database,
    `UPDATE stream_session
        SET disconnected_at = last_heartbeat_at, close_reason = 'lost', commanded_at = NULL
      WHERE disconnected_at IS NULL AND last_heartbeat_at < UTC_TIMESTAMP(3) - INTERVAL ? MICROSECOND
      ORDER BY last_heartbeat_at LIMIT ${BATCH}`,
    timeoutMs * 1_000,
    signal,
  );
  const deleted = await inBatches(
    database,
    `DELETE FROM stream_session
      WHERE disconnected_at < UTC_TIMESTAMP(3) - INTERVAL ? DAY
      ORDER BY disconnected_at LIMIT ${BATCH}`,
    KEEP_SESSIONS_DAYS,
    signal,
  );
  return { lost, deleted };
}

async function inBatches(
  database: Pick<Queries, 'execute'>,
  sql: string,
  value: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  let total = 0;
  while (!signal?.aborted) {
    const { affectedRows } = await database.execute(sql, [value]);
    total += affectedRows;
    if (affectedRows < BATCH) break;
  }
  return total;
}

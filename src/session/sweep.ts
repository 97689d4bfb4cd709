import type { Queries } from '../db/database.ts';

/** For how long the rows of closed streams are kept, in days. */
export const KEEP_SESSIONS_DAYS = 30;

const BATCH = 1_000;

export interface Swept {
  /** Sessions taken for dead: their node was not heard of in time. */
  readonly lost: number;
  /** Rows of long closed sessions that were deleted. */
  readonly deleted: number;
}

/**
 * Ends the sessions whose node died, as of their last heartbeat, and deletes what was closed long ago; in batches, so
 * that nobody waits long for a row. A node that is alive after all puts its rows right with its next heartbeat.
 *
 * @param timeoutMs how long a session may be without a heartbeat
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

import type { Queries } from '../../db/database.ts';

/** State of the outbox. */
export interface OutboxStats {
  /** Rows that wait to be relayed. */
  readonly waiting: number;
  /** Dead letters. */
  readonly failed: number;
  /** Age of the oldest waiting row, in seconds; 0 when none waits. */
  readonly oldestS: number;
}

type Reads = Pick<Queries, 'query'>;

/** Reads the state of the outbox. */
export async function readOutboxStats(database: Reads): Promise<OutboxStats> {
  const [counts] = await database.query<{ waiting: number; failed: number }>(
    `SELECT (SELECT COUNT(*) FROM event_outbox WHERE failed_at IS NULL) AS waiting,
            (SELECT COUNT(*) FROM event_outbox WHERE failed_at IS NOT NULL) AS failed`,
  );
  const [oldest] = await database.query<{ ageMs: number }>(
    `SELECT TIMESTAMPDIFF(MICROSECOND, created_at, UTC_TIMESTAMP(3)) / 1000 AS ageMs
       FROM event_outbox WHERE failed_at IS NULL ORDER BY id LIMIT 1`,
  );
  return {
    waiting: counts?.waiting ?? 0,
    failed: counts?.failed ?? 0,
    oldestS: Math.max(0, Number(oldest?.ageMs ?? 0)) / 1000,
  };
}

/**
 * Makes a cached `readOutboxStats` that queries at most every `everyMs`, and once for concurrent callers. Its result is
 * `undefined` while the database is unavailable.
 */
export function watchOutbox(database: Reads, everyMs = 5_000): () => Promise<OutboxStats | undefined> {
  let asked = Number.NEGATIVE_INFINITY;
  let answer: Promise<OutboxStats | undefined> = Promise.resolve(undefined);
  return () => {
    if (performance.now() - asked >= everyMs) {
      asked = performance.now();
      answer = readOutboxStats(database).catch(() => undefined);
    }
    return answer;
  };
}

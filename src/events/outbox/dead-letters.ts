import type { Queries } from '../../db/database.ts';

/** Row of the outbox that could not be published. */
export interface DeadLetter {
  readonly id: number;
  readonly type: string;
  /** JSON text, as it was written; null when it is very large. */
  readonly payload: string | null;
  readonly idempotencyKey: string | null;
  readonly createdAt: Date;
  readonly failedAt: Date;
  /** Number of times that it became a dead letter. */
  readonly attempts: number;
  readonly error: string | null;
}

/** Max size of a payload that is shown, in bytes. */
const SHOWN_BYTES = 64 * 1024;

/** Reads the newest dead letters, the newest first. */
export async function readDeadLetters(
  database: Pick<Queries, 'query'>,
  limit: number,
): Promise<DeadLetter[]> {
  return database.query<DeadLetter>(
    `SELECT id, type, IF(OCTET_LENGTH(payload) <= ${SHOWN_BYTES}, payload, NULL) AS payload,
            idempotency_key AS idempotencyKey, created_at AS createdAt, failed_at AS failedAt, attempts, error
       FROM event_outbox WHERE failed_at IS NOT NULL ORDER BY id DESC LIMIT ${Math.trunc(limit)}`,
  );
}

/**
 * Returns dead letters to the outbox, to be published again.
 * @param ids left out: all of them
 * @returns their number
 */
export async function retryDeadLetters(
  database: Pick<Queries, 'execute'>,
  ids?: readonly number[],
): Promise<number> {
  if (ids?.length === 0) return 0;
  const { affectedRows } = await database.execute(
    `UPDATE event_outbox SET failed_at = NULL, error = NULL
      WHERE failed_at IS NOT NULL${ids === undefined ? '' : ' AND id IN (?)'}`,
    ids === undefined ? [] : [ids],
  );
  return affectedRows;
}

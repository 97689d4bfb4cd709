import type { Queries } from '../db/database.ts';

/** A row that was set aside. */
export interface AsideRow {
  readonly id: number;
  readonly type: string;
  /** JSON text, as it was written; null when it is very large. */
  readonly payload: string | null;
  readonly idempotencyKey: string | null;
  readonly createdAt: Date;
  readonly failedAt: Date;
  /** How often it was set aside. */
  readonly attempts: number;
  readonly error: string | null;
}

/** Longer payloads are not shown. Bytes. */
const SHOWN_BYTES = 64 * 1024;

/** The rows that were set aside last, the newest first. */
export async function readAside(database: Pick<Queries, 'query'>, limit: number): Promise<AsideRow[]> {
  return database.query<AsideRow>(
    `SELECT id, type, IF(OCTET_LENGTH(payload) <= ${SHOWN_BYTES}, payload, NULL) AS payload,
            idempotency_key AS idempotencyKey, created_at AS createdAt, failed_at AS failedAt, attempts, error
       FROM event_outbox WHERE failed_at IS NOT NULL ORDER BY id DESC LIMIT ${Math.trunc(limit)}`,
  );
}

/**
 * Has rows that were set aside tried again.
 * @param ids which; left out: all of them
 * @returns how many there were
 */
export async function retryAside(
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

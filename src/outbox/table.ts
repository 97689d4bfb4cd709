import { format } from 'mysql2';
import type { Queries } from '../db/database.ts';
import type { Guard } from '../log/append-statement.ts';
import { MAX_DATA_BYTES } from '../log/prepare.ts';

/** A row of `event_outbox` that waits to be published. */
export interface OutboxRow {
  readonly id: number;
  readonly type: string;
  /** JSON text; null when it is larger than `MAX_PAYLOAD_BYTES`: such a one is not even fetched. */
  readonly payload: string | null;
  readonly idempotencyKey: string | null;
}

/** Why a row is set aside. */
export interface SetAside {
  readonly id: number;
  /** A sentence for whoever wrote the row; at most 1,000 characters. */
  readonly reason: string;
}

/** So many rows are fetched at once at the most. */
export const PAGE_ROWS = 500;
/** And so many bytes of payload, the first row's apart. */
const PAGE_BYTES = 4 * 1024 * 1024;
/** MySQL writes JSON with spaces of its own, so the text may be larger than the data. Bytes. */
export const MAX_PAYLOAD_BYTES = 2 * MAX_DATA_BYTES;
/** Payloads up to this size come with the first question. Bytes. */
const SMALL_BYTES = 8 * 1024;

type Reads = Pick<Queries, 'query'>;

/**
 * The oldest rows that wait, in the order of their ids. What was committed late under a lower id comes first like any
 * other: there is no memory of how far an earlier look had got.
 */
export async function readWaiting(database: Reads): Promise<OutboxRow[]> {
  // Answered from the index alone, so that looking in vain costs next to nothing.
  const waiting = await database.query<{ id: number }>(
    `SELECT id FROM event_outbox FORCE INDEX (event_outbox_waiting) WHERE failed_at IS NULL ORDER BY id LIMIT ${PAGE_ROWS}`,
  );
  if (waiting.length === 0) return [];
  const rows = await database.query<OutboxRow & { bytes: number }>(
    `SELECT id, type, idempotency_key AS idempotencyKey, OCTET_LENGTH(payload) AS bytes,
            IF(OCTET_LENGTH(payload) <= ${SMALL_BYTES}, payload, NULL) AS payload
       FROM event_outbox WHERE id IN (?) AND failed_at IS NULL ORDER BY id`,
    [waiting.map(({ id }) => id)],
  );
  const page: (OutboxRow & { bytes: number })[] = [];
  let bytes = 0;
  for (const row of rows) {
    bytes += row.bytes <= MAX_PAYLOAD_BYTES ? row.bytes : 0;
    if (page.length > 0 && bytes > PAGE_BYTES) break;
    page.push(row);
  }
  return withLargePayloads(database, page);
}

async function withLargePayloads(
  database: Reads,
  page: readonly (OutboxRow & { bytes: number })[],
): Promise<OutboxRow[]> {
  const large = page.filter(({ bytes }) => bytes > SMALL_BYTES && bytes <= MAX_PAYLOAD_BYTES);
  if (large.length === 0) return [...page];
  const rows = await database.query<{ id: number; payload: string }>(
    'SELECT id, payload FROM event_outbox WHERE id IN (?)',
    [large.map(({ id }) => id)],
  );
  const payloads = new Map(rows.map(({ id, payload }) => [id, payload]));
  // A row that is gone by now was fetched by somebody else.
  return page
    .filter((row) => !large.includes(row) || payloads.has(row.id))
    .map((row) => ({ ...row, payload: payloads.get(row.id) ?? row.payload }));
}

/** Takes exactly these rows out of the outbox, or the append that it guards does not happen. */
export function taking(ids: readonly number[]): Guard {
  return {
    sql: format('DELETE FROM event_outbox WHERE id IN (?) AND failed_at IS NULL', [
      ids.toSorted((a, b) => a - b),
    ]),
    changes: ids.length,
  };
}

/**
 * Sets rows aside, each with its reason, unless somebody else has dealt with them. Who writes with the server's checks
 * turned off can leave text that is not JSON, and MariaDB refuses to change such a row as it is: it is kept as a JSON string.
 */
export async function setAside(database: Pick<Queries, 'execute'>, rows: readonly SetAside[]): Promise<void> {
  if (rows.length === 0) return;
  const ids = rows.map(({ id }) => id);
  await database.execute(
    `UPDATE event_outbox SET attempts = attempts + 1, failed_at = UTC_TIMESTAMP(3),
            error = ELT(FIELD(id, ?), ?)
            /*M!100300 , payload = IF(JSON_VALID(payload), payload, JSON_QUOTE(payload)) */
      WHERE id IN (?) AND failed_at IS NULL`,
    [ids, rows.map(({ reason }) => reason), ids],
  );
}

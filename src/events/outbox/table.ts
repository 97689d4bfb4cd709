import { format } from 'mysql2';
import type { Database, Queries, Transaction } from '../../db/database.ts';
import type { Precondition } from '../../log/append-statement.ts';
import { chunk } from '../../util/chunk.ts';
import { MAX_DATA_BYTES } from '../prepare.ts';

/** Row of `event_outbox` that waits to be published. */
export interface OutboxRow {
  readonly id: number;
  readonly type: string;
  /** JSON text; null when it is larger than `MAX_PAYLOAD_BYTES` and was not fetched. */
  readonly payload: string | null;
  readonly idempotencyKey: string | null;
  /** Whether its contest was frozen, as its writer saw it; null: not known. */
  readonly frozen?: number | null;
}

/** Row that becomes a dead letter. */
export interface RejectedRow {
  readonly id: number;
  /** Sentence for the author of the row; at most 1,000 characters. */
  readonly reason: string;
}

/** Max rows per page. */
export const PAGE_ROWS = 500;
/** Max bytes of payload per page, not counting the first row's. */
const PAGE_BYTES = 4 * 1024 * 1024;
/** Max size of a payload, in bytes. MySQL stores JSON with added spaces, so that the text can be larger than the data. */
export const MAX_PAYLOAD_BYTES = 2 * MAX_DATA_BYTES;
/** Max dead letters per statement: their reasons stay below a max_allowed_packet of 64 KiB. */
const REASONS_PER_STATEMENT = 10;
/** Max size of a payload that the first query fetches, in bytes. */
const SMALL_BYTES = 8 * 1024;

/** By any other index, a statement would wait for locked rows that it passes. */
const BY_ID = 'event_outbox FORCE INDEX (PRIMARY)';

type Reads = Pick<Queries, 'query'>;

/**
 * Reads the oldest waiting rows, in the order of their ids. It keeps no position between calls: a row that commits late
 * under a lower id comes first like any other.
 * @param options `skipLocked`: without the rows that others have locked
 */
export async function readWaiting(
  database: Reads,
  { skipLocked = false }: { readonly skipLocked?: boolean } = {},
): Promise<OutboxRow[]> {
  // Answered from the index alone, so that an empty poll is cheap.
  const waiting = await database.query<{ id: number }>(
    `SELECT id FROM event_outbox FORCE INDEX (event_outbox_waiting) WHERE failed_at IS NULL ORDER BY id LIMIT ${PAGE_ROWS}${skipLocked ? ' FOR UPDATE SKIP LOCKED' : ''}`,
  );
  if (waiting.length === 0) return [];
  const rows = await database.query<OutboxRow & { bytes: number }>(
    `SELECT id, type, idempotency_key AS idempotencyKey, frozen, OCTET_LENGTH(payload) AS bytes,
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
  // A row that is gone by now was taken by another relay.
  return page
    .filter((row) => !large.includes(row) || payloads.has(row.id))
    .map((row) => ({ ...row, payload: payloads.get(row.id) ?? row.payload }));
}

/**
 * Precondition of an append: deletes exactly these rows from the outbox. Where others have deleted or locked one of them,
 * it deletes none, and does not wait.
 */
export function deletionOf(ids: readonly number[]): Precondition {
  const ordered = ids.toSorted((a, b) => a - b);
  const rows = `FROM ${BY_ID} WHERE id IN (?) AND failed_at IS NULL`;
  return {
    sql: [
      format(`SELECT COUNT(*) INTO @unlocked ${rows} FOR UPDATE SKIP LOCKED`, [ordered]),
      format(`DELETE event_outbox ${rows} AND @unlocked = ?`, [ordered, ids.length]),
    ].join(';'),
    expectedRows: ids.length,
  };
}

type Writes = Pick<Database, 'transaction'>;

/** Deletes rows that no other transaction has locked. @returns whether these were all */
export function deleteOutboxRows(database: Writes, ids: readonly number[]): Promise<boolean> {
  return database.transaction(async (tx) => {
    const unlocked = await lock(tx, ids);
    if (unlocked.length > 0)
      await tx.execute(`DELETE event_outbox FROM ${BY_ID} WHERE id IN (?)`, [unlocked]);
    return unlocked.length === ids.length;
  });
}

/**
 * Makes rows dead letters, each with its reason, unless another relay has taken them or others have locked them. A client
 * that turns the server's checks off can write a payload that is not JSON; MariaDB refuses to update such a row, so it is
 * kept as a JSON string.
 * @returns whether these were all
 */
export async function markDeadLetters(database: Writes, rows: readonly RejectedRow[]): Promise<boolean> {
  let all = true;
  for (const some of chunk(rows, REASONS_PER_STATEMENT)) {
    const reasons = new Map(some.map(({ id, reason }) => [id, reason]));
    await database.transaction(async (tx) => {
      const ids = await lock(tx, [...reasons.keys()]);
      if (ids.length < reasons.size) all = false;
      if (ids.length === 0) return;
      await tx.execute(
        `UPDATE ${BY_ID} SET attempts = attempts + 1, failed_at = UTC_TIMESTAMP(3),
                error = ELT(FIELD(id, ?), ?)
                /*M!100300 , payload = IF(JSON_VALID(payload), payload, JSON_QUOTE(payload)) */
          WHERE id IN (?)`,
        [ids, ids.map((id) => reasons.get(id)), ids],
      );
    });
  }
  return all;
}

/** Locks those of these waiting rows that no other transaction has locked. */
async function lock(tx: Transaction, ids: readonly number[]): Promise<number[]> {
  const rows = await tx.query<{ id: number }>(
    `SELECT id FROM ${BY_ID} WHERE id IN (?) AND failed_at IS NULL ORDER BY id FOR UPDATE SKIP LOCKED`,
    [ids],
  );
  return rows.map(({ id }) => id);
}

import type { Connection, RowDataPacket } from 'mysql2/promise';
import { KEEP_CLASSES, type KeepClass } from '../db/schema.ts';
import type { EventType } from '../protocol/event.ts';
import type { Scope } from '../protocol/scope.ts';
import type { LogRow } from './row.ts';

/** End of the log, and its epoch. */
export interface LogHead {
  readonly head: number;
  readonly epoch: string;
}

/** Query method of a connection or a pool. */
export type Query = <T>(sql: string, values?: unknown[]) => Promise<T[]>;

const COLUMNS = 'id, event_id, scope, type, player_id, title, message, data, created_at';

/** Reads the head without a lock. */
export async function readHead(query: Query): Promise<LogHead> {
  return headOf(await query<RawHead>('SELECT head, epoch FROM log_head WHERE id = 1'));
}

/** Reads the head after every append that was under way: waits for the row lock that appends hold until COMMIT. */
export async function readHeadLocked(query: Query): Promise<LogHead> {
  return headOf(await query<RawHead>('SELECT head, epoch FROM log_head WHERE id = 1 LOCK IN SHARE MODE'));
}

/** Reads the rows after `after` up to and including `through`, in order. */
export async function readRange(
  query: Query,
  after: number,
  through: number,
  limit: number,
): Promise<LogRow[]> {
  const rows = await query<RawRow>(
    `SELECT ${COLUMNS} FROM notification WHERE id > ? AND id <= ? ORDER BY id LIMIT ${limit}`,
    [after, through],
  );
  return rows.map(toRow);
}

/**
 * Reads the rows of `scopes` after `after` up to and including `through`, in order. Each scope is read from its own index
 * range and the ranges are merged, so that a page costs its own rows only.
 */
export async function readScopes(
  query: Query,
  scopes: readonly Scope[],
  after: number,
  through: number,
  limit: number,
): Promise<LogRow[]> {
  if (scopes.length === 0) return [];
  const one = `(SELECT ${COLUMNS} FROM notification FORCE INDEX (notification_scope) WHERE scope = ? AND id > ? AND id <= ? ORDER BY id LIMIT ${limit})`;
  const rows = await query<RawRow>(
    `${scopes.map(() => one).join(' UNION ALL ')} ORDER BY id LIMIT ${limit}`,
    scopes.flatMap((scope) => [scope, after, through]),
  );
  return rows.map(toRow);
}

/** Reads, per keep class, the lowest position from which on every row is still kept. */
export async function readTails(query: Query): Promise<Record<KeepClass, number>> {
  const rows = await query<{ keep_class: KeepClass; tail: number }>('SELECT keep_class, tail FROM log_tail');
  const tails = Object.fromEntries(KEEP_CLASSES.map((name) => [name, 1])) as Record<KeepClass, number>;
  for (const row of rows) tails[row.keep_class] = Number(row.tail);
  return tails;
}

/** Max silence of a connection during a read, in ms; far above what a read takes. */
const SILENCE_MS = 15_000;

/** Makes a `Query` over a dedicated connection. Drop the connection when a query fails. */
export function queryOver(connection: Connection): Query {
  return async <T>(sql: string, values: unknown[] = []) => {
    const [rows] = await connection.query<RowDataPacket[]>({ sql, values, timeout: SILENCE_MS });
    return rows as T[];
  };
}

interface RawHead {
  head: number;
  epoch: string;
}

interface RawRow {
  id: number;
  event_id: number;
  scope: string;
  type: string;
  player_id: number | null;
  title: string;
  message: string;
  data: string;
  created_at: Date;
}

function headOf(rows: RawHead[]): LogHead {
  const row = rows[0];
  if (!row) throw new Error('the log has no head');
  return { head: Number(row.head), epoch: row.epoch };
}

function toRow(row: RawRow): LogRow {
  return {
    id: row.id,
    eventId: row.event_id,
    scope: row.scope as Scope,
    type: row.type as EventType,
    playerId: row.player_id,
    title: row.title,
    message: row.message,
    data: row.data,
    at: row.created_at.getTime(),
  };
}

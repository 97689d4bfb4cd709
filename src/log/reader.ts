import { KEEP_CLASSES, type KeepClass } from '../db/schema.ts';
import type { EventType } from '../protocol/event.ts';
import type { Scope } from '../protocol/scope.ts';
import { SERVER } from './append-statement.ts';
import type { LogRow } from './row.ts';
import type { Term } from './terms.ts';

/** End of the log, and its epoch. */
export interface LogHead {
  readonly head: number;
  readonly epoch: string;
}

/** Query method of a connection or a pool. */
export type Query = <T>(sql: string, values?: unknown[]) => Promise<T[]>;

const COLUMNS = 'id, event_id, scope, type, player_id, title, message, data, created_at, term, tag';

/** Reads the head without a lock. */
export async function readHead(query: Query): Promise<LogHead> {
  return headOf(await query<RawHead>('SELECT head, epoch FROM log_head WHERE id = 1'));
}

/**
 * Reads the last position of the log after every append that was under way: waits for the row lock that appends hold
 * until COMMIT. A head that was restored alone is lower than the rows.
 */
export async function readEndLocked(query: Query): Promise<number> {
  const { head } = headOf(
    await query<RawHead>('SELECT head, epoch FROM log_head WHERE id = 1 LOCK IN SHARE MODE'),
  );
  const [row] = await query<{ last: number | null }>('SELECT MAX(id) AS last FROM notification WHERE id > 0');
  return Math.max(head, Number(row?.last ?? 0));
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
 *
 * @returns also the server that the rows come from, and whether the row at `through` is missing there: rows below it may be
 *   missing, too
 */
export async function readScopes(
  query: Query,
  scopes: readonly Scope[],
  after: number,
  through: number,
  limit: number,
): Promise<{ readonly rows: LogRow[]; readonly server: string; readonly lacksEnd: boolean }> {
  const one = `(SELECT ${COLUMNS} FROM notification FORCE INDEX (notification_scope) WHERE scope = ? AND id > ? AND id <= ? ORDER BY id LIMIT ${limit})`;
  // The first row, at position 0, names the server, so that one statement proves where its rows come from.
  const end = `EXISTS (SELECT 1 FROM notification WHERE id = ${through})`;
  const server = `(SELECT 0 AS id, 0 AS event_id, '' AS scope, '' AS type, ${end} AS player_id, '' AS title,
    CONVERT(${SERVER} USING utf8mb4) COLLATE utf8mb4_unicode_ci AS message, '' AS data, NULL AS created_at,
    NULL AS term, NULL AS tag)`;
  const rows = await query<RawRow>(
    `${[server, ...scopes.map(() => one)].join(' UNION ALL ')} ORDER BY id LIMIT ${limit + 1}`,
    scopes.flatMap((scope) => [scope, after, through]),
  );
  const first = rows[0]?.id === 0 ? rows.shift() : undefined;
  return {
    rows: rows.map(toRow),
    server: first?.message ?? '',
    lacksEnd: Number(first?.player_id ?? 1) === 0,
  };
}

/** Reads, per keep class, the lowest position from which on every row is still kept. */
export async function readTails(query: Query): Promise<Record<KeepClass, number>> {
  const rows = await query<{ keep_class: KeepClass; tail: number }>('SELECT keep_class, tail FROM log_tail');
  const tails = Object.fromEntries(KEEP_CLASSES.map((name) => [name, 1])) as Record<KeepClass, number>;
  for (const row of rows) tails[row.keep_class] = Number(row.tail);
  return tails;
}

/** Reads the position from which on every row of every keep class is kept. */
export async function readPrunedBelow(query: Query): Promise<number> {
  return Math.max(...Object.values(await readTails(query)));
}

/** Reads the terms of the log. */
export async function readTerms(query: Query): Promise<Term[]> {
  const rows = await query<{ term: string; number: number; first_id: number }>(
    'SELECT term, number, first_id FROM log_term',
  );
  return rows.map(({ term, number, first_id }) => ({
    word: term,
    number: Number(number),
    firstId: Number(first_id),
  }));
}

/** Identifies the append that wrote a row: its tag, or a print of the row where it has none. */
export function markOf(row: Pick<LogRow, 'eventId' | 'scope' | 'type' | 'at' | 'tag'>): string {
  return row.tag ?? `~${row.eventId}/${row.scope}/${row.type}/${row.at}`;
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
  term: string | null;
  tag: string | null;
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
    term: row.term ?? null,
    tag: row.tag ?? null,
  };
}

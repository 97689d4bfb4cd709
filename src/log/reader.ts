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
  const rows = await query<RawRow>(
    `${[endRow(through), ...scopes.map(() => selectRange(COLUMNS, limit))].join(' UNION ALL ')} ORDER BY id LIMIT ${limit + 1}`,
    scopes.flatMap((scope) => [scope, after, through]),
  );
  const first = rows[0]?.id === 0 ? rows.shift() : undefined;
  return { rows: rows.map(toRow), server: first?.message ?? '', lacksEnd: isMissing(first) };
}

/** Rows of one scope, from after a position up to and including another. */
export interface ScopeRange {
  readonly scope: Scope;
  readonly after: number;
  readonly through: number;
}

/**
 * Reads several ranges by one statement, each from its own index range: the first `limit` rows of each, in order.
 * @returns for each range its rows, and whether the row at `through` is missing, as by `readScopes`; and the server that they
 *   come from
 */
export async function readScopeRanges(
  query: Query,
  ranges: readonly ScopeRange[],
  limit: number,
): Promise<{
  readonly pages: readonly { readonly rows: LogRow[]; readonly lacksEnd: boolean }[];
  readonly server: string;
}> {
  const ends = [...new Set(ranges.map(({ through }) => through))];
  const rows = await query<RawRow & { page: number }>(
    [
      ...ends.map((end, index) => endRow(end, `, ${-1 - index} AS page`)),
      ...ranges.map((_, page) => selectRange(`${COLUMNS}, ${page} AS page`, limit)),
    ].join(' UNION ALL '),
    ranges.flatMap(({ scope, after, through }) => [scope, after, through]),
  );
  const found = new Map<number, LogRow[]>();
  const missing = new Set<number | undefined>();
  for (const row of rows) {
    if (row.page < 0 && isMissing(row)) missing.add(ends[-1 - row.page]);
    if (row.page < 0) continue;
    const page = found.get(row.page);
    if (page === undefined) found.set(row.page, [toRow(row)]);
    else page.push(toRow(row));
  }
  return {
    // Without an order of the whole, the order of its parts is not promised.
    pages: ranges.map(({ through }, page) => ({
      rows: (found.get(page) ?? []).sort((one, other) => one.id - other.id),
      lacksEnd: missing.has(through),
    })),
    server: rows.find(({ page }) => page < 0)?.message ?? '',
  };
}

/**
 * Selects a row at position 0 that names the server, so that one statement proves where its rows come from; its player says
 * whether there is a row at the position `through`.
 */
function endRow(through: number, more = ''): string {
  const end = `EXISTS (SELECT 1 FROM notification WHERE id = ${through})`;
  return `(SELECT 0 AS id, 0 AS event_id, '' AS scope, '' AS type, ${end} AS player_id, '' AS title,
    CONVERT(${SERVER} USING utf8mb4) COLLATE utf8mb4_unicode_ci AS message, '' AS data, NULL AS created_at,
    NULL AS term, NULL AS tag${more})`;
}

/** Whether a row of `endRow` says that the row at its position is missing. */
function isMissing(row: Pick<RawRow, 'player_id'> | undefined): boolean {
  return Number(row?.player_id ?? 1) === 0;
}

/** Selects the first rows of a range, given as scope, `after` and `through`. */
function selectRange(columns: string, limit: number): string {
  return `(SELECT ${columns} FROM notification FORCE INDEX (notification_scope) WHERE scope = ? AND id > ? AND id <= ? ORDER BY id LIMIT ${limit})`;
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

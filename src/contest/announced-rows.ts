import { format } from 'mysql2';
import { contestAnnounced } from '../db/schema.ts';
import type { Precondition } from '../log/append-statement.ts';
import { sqlTime } from '../util/sql-time.ts';
import type { AnnouncedState } from './announced-state.ts';

/** Column of `contest_announced` for every field of a state. */
const COLUMNS: Readonly<Record<keyof AnnouncedState, string>> = {
  status: contestAnnounced.status.name,
  platformStatus: contestAnnounced.platformStatus.name,
  version: contestAnnounced.turn.name,
  startsAt: contestAnnounced.startsAt.name,
  endsAt: contestAnnounced.endsAt.name,
  announcedAt: contestAnnounced.announcedAt.name,
};
const FIELDS = Object.keys(COLUMNS) as readonly (keyof AnnouncedState)[];

/** Writes the state after an announcement, provided that nothing else was announced since `known`. */
export function updateIfUnchanged(
  id: number,
  known: AnnouncedState | undefined,
  next: AnnouncedState,
): Precondition {
  if (known === undefined) return { sql: insert([[id, next]]), expectedRows: 1, rows: rowsOf([id]) };
  return {
    rows: rowsOf([id]),
    sql: format(
      `UPDATE contest_announced SET ${FIELDS.map((field) => `${COLUMNS[field]} = ?`).join(', ')}
        WHERE contest_id = ? AND turn = ? AND status = ?`,
      [...values(next), id, known.version, known.status],
    ),
    expectedRows: 1,
  };
}

/** Writes the state after an event that is published whatever was announced before. */
export function upsertUnconditionally(id: number, next: AnnouncedState): Precondition {
  const { status, startsAt, endsAt } = next;
  return {
    rows: rowsOf([id]),
    sql: format(
      `${insert([[id, next]])} ON DUPLICATE KEY UPDATE
         status = IF(status = 'OVER' AND ? = 'ENDED', status, ?), turn = turn + 1, announced_at = UTC_TIMESTAMP(3),
         starts_at = ?, ends_at = ?`,
      [status, status, timeOf(startsAt), timeOf(endsAt)],
    ),
  };
}

/** The rows of these contests, for `Precondition.rows`. */
export function rowsOf(ids: readonly number[]): string {
  return format('contest_announced FORCE INDEX (PRIMARY) WHERE contest_id IN (?) AND turn + 0 >= 0', [
    [...ids],
  ]);
}

/** Records states that need no announcement, except of contests of which something was announced meanwhile. */
export function recordBaseline(rows: readonly (readonly [id: number, next: AnnouncedState])[]): string {
  const columns = ['status', 'platform_status', 'starts_at', 'ends_at'];
  const updates = columns.map(
    (column) => `${column} = IF(turn = VALUES(turn), VALUES(${column}), ${column})`,
  );
  return `${insert(rows)} ON DUPLICATE KEY UPDATE ${updates.join(', ')}`;
}

function insert(rows: readonly (readonly [number, AnnouncedState])[]): string {
  const columns = FIELDS.map((field) => COLUMNS[field]).join(', ');
  return format(`INSERT INTO contest_announced (contest_id, ${columns}) VALUES ?`, [
    rows.map(([id, next]) => [id, ...values(next)]),
  ]);
}

/** In the order of `FIELDS`. */
function values(next: AnnouncedState): (string | number | null)[] {
  return FIELDS.map((field) =>
    field === 'startsAt' || field === 'endsAt' || field === 'announcedAt' ? timeOf(next[field]) : next[field],
  );
}

function timeOf(at: number | null): string | null {
  return at === null ? null : sqlTime(at);
}

import { format } from 'mysql2';
import type { Queries } from '../db/database.ts';
import type { Precondition } from '../log/append-statement.ts';
import type { PlatformClock } from '../platform/clock.ts';
import type { ContestStatus } from '../platform/contests.ts';
import { CATALOGUE } from '../protocol/catalogue.ts';
import type { Announced, ContestTimes, Told } from './announced.ts';

/** One contest: what the platform says of it, and what was told of it, both of the same moment. */
export interface Sight {
  readonly id: number;
  /** The database's clock, in ms since 1970. */
  readonly now: number;
  /** Undefined: the platform has no such contest, or it has a status that there is not. */
  readonly contest: ContestTimes | undefined;
  /** Undefined: it was never seen. */
  readonly announced: Announced | undefined;
}

interface Row {
  readonly id: number;
  readonly now: Date;
  readonly status: string | null;
  readonly startTime: Date | null;
  readonly endTime: Date | null;
  readonly told: Told | null;
  readonly platformStatus: ContestStatus | null;
  readonly turn: number;
  readonly startsAt: Date | null;
  readonly endsAt: Date | null;
  readonly announcedAt: Date | null;
}

type Reads = Pick<Queries, 'query'>;

const STATUSES = CATALOGUE.CONTEST_STATUS.schema.shape.newStatus.options;

/** The named contests, those included that the platform does not have. */
export async function readSights(
  database: Reads,
  clock: PlatformClock,
  ids: readonly number[],
): Promise<Sight[]> {
  if (ids.length === 0) return [];
  const names = ids.map(() => 'SELECT ? AS id').join(' UNION ALL ');
  const rows = await database.query<Row>(
    `SELECT n.id, ${columns(clock)} FROM (${names}) n
       LEFT JOIN contest c ON c.id = n.id LEFT JOIN contest_announced a ON a.contest_id = n.id`,
    ids,
  );
  return rows.map((row) => sightOf(row, clock));
}

/** The named contests of the platform, and those that were made after contest `newest`. */
export async function readWatched(
  database: Reads,
  clock: PlatformClock,
  ids: readonly number[],
  newest: number,
): Promise<Sight[]> {
  const rows = await database.query<Row>(
    `SELECT c.id, ${columns(clock)} FROM contest c LEFT JOIN contest_announced a ON a.contest_id = c.id
      WHERE c.id > ?${ids.length === 0 ? '' : ' OR c.id IN (?)'}`,
    ids.length === 0 ? [newest] : [newest, ids],
  );
  return rows.map((row) => sightOf(row, clock));
}

/** The highest id of a contest; 0 where there is none. */
export async function readNewest(database: Reads): Promise<number> {
  const [row] = await database.query<{ newest: number | null }>('SELECT MAX(id) AS newest FROM contest');
  return Number(row?.newest ?? 0);
}

/**
 * Every contest that may still have news. What is over is looked at again when its status becomes another, or its end is
 * moved; one that lies two days back by any zone's clock is none to come.
 */
export async function readUnsettled(database: Reads, clock: PlatformClock): Promise<Sight[]> {
  const rows = await database.query<Row>(
    `SELECT c.id, ${columns(clock)} FROM contest c LEFT JOIN contest_announced a ON a.contest_id = c.id
      WHERE a.contest_id IS NULL OR a.status = 'ENDED'
         OR a.platform_status IS NULL OR a.platform_status <> CONVERT(c.status USING ascii)
         OR (c.status IN ('UPCOMING', 'LIVE')
             AND NOT (a.status IN ('OVER', 'CANCELLED') AND c.end_time < UTC_TIMESTAMP() - INTERVAL 2 DAY))`,
  );
  return rows.map((row) => sightOf(row, clock));
}

function columns(clock: PlatformClock): string {
  return `c.status, ${clock.sql('c.start_time')} AS startTime, ${clock.sql('c.end_time')} AS endTime,
            a.status AS told, a.platform_status AS platformStatus, a.turn, a.starts_at AS startsAt, a.ends_at AS endsAt,
            a.announced_at AS announcedAt, UTC_TIMESTAMP(3) AS now`;
}

function sightOf(row: Row, clock: PlatformClock): Sight {
  const status = STATUSES.find((known) => known === row.status);
  return {
    id: Number(row.id),
    now: row.now.getTime(),
    contest:
      status === undefined
        ? undefined
        : {
            status,
            startsAt: clock.instant(row.startTime)?.getTime() ?? null,
            endsAt: clock.instant(row.endTime)?.getTime() ?? null,
          },
    announced:
      row.told === null
        ? undefined
        : {
            status: row.told,
            platformStatus: row.platformStatus,
            turn: Number(row.turn),
            startsAt: row.startsAt?.getTime() ?? null,
            endsAt: row.endsAt?.getTime() ?? null,
            announcedAt: row.announcedAt?.getTime() ?? 0,
          },
  };
}

/** Remembers what is told, provided that nothing else was told since `known`. */
export function remembering(id: number, known: Announced | undefined, next: Announced): Precondition {
  if (known === undefined) return { sql: inserting([[id, next]]), expectedRows: 1 };
  return {
    sql: format(
      `UPDATE contest_announced SET status = ?, platform_status = ?, turn = ?, starts_at = ?, ends_at = ?, announced_at = ?
        WHERE contest_id = ? AND turn = ? AND status = ?`,
      [...values(next), id, known.turn, known.status],
    ),
    expectedRows: 1,
  };
}

/** Remembers what is told whatever was told before: somebody published it as an event of its own. */
export function rememberingAnyhow(id: number, next: Announced): Precondition {
  const { status, startsAt, endsAt } = next;
  return {
    sql: format(
      `${inserting([[id, next]])} ON DUPLICATE KEY UPDATE
         status = IF(status = 'OVER' AND ? = 'ENDED', status, ?), turn = turn + 1, announced_at = UTC_TIMESTAMP(3),
         starts_at = ?, ends_at = ?`,
      [status, status, sqlTime(startsAt), sqlTime(endsAt)],
    ),
  };
}

/** Takes note of contests of which there is nothing to tell, unless something was told of them meanwhile. */
export function takingNote(rows: readonly (readonly [id: number, next: Announced])[]): string {
  const columns = ['status', 'platform_status', 'starts_at', 'ends_at'];
  const updates = columns.map(
    (column) => `${column} = IF(turn = VALUES(turn), VALUES(${column}), ${column})`,
  );
  return `${inserting(rows)} ON DUPLICATE KEY UPDATE ${updates.join(', ')}`;
}

function inserting(rows: readonly (readonly [number, Announced])[]): string {
  return format(
    'INSERT INTO contest_announced (contest_id, status, platform_status, turn, starts_at, ends_at, announced_at) VALUES ?',
    [rows.map(([id, next]) => [id, ...values(next)])],
  );
}

function values(next: Announced): (string | number | null)[] {
  return [
    next.status,
    next.platformStatus,
    next.turn,
    sqlTime(next.startsAt),
    sqlTime(next.endsAt),
    sqlTime(next.announcedAt),
  ];
}

function sqlTime(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString().replace('T', ' ').replace('Z', '');
}

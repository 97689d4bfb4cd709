import type { Queries } from '../db/database.ts';
import type { PlatformClock } from '../platform/clock.ts';
import { isShowableId } from '../platform/unshowable.ts';
import { CONTEST_STATUSES, type ContestStatus } from '../protocol/enums.ts';
import type { AnnouncedState, AnnouncedStatus, ContestRow } from './announced-state.ts';

/** One contest at one moment: the platform's row, and what has been announced of it. */
export interface ContestSnapshot {
  readonly id: number;
  /** The database's time, in ms since 1970. */
  readonly now: number;
  /** Undefined: the platform has no such contest, or its status is not a known one. */
  readonly contest: ContestRow | undefined;
  /** Undefined: it is seen for the first time. */
  readonly announced: AnnouncedState | undefined;
}

interface Row {
  readonly id: number;
  readonly now: Date;
  readonly status: string | null;
  readonly announcedStatus: AnnouncedStatus | null;
  readonly platformStatus: ContestStatus | null;
  readonly version: number;
  readonly startsAt: Date | null;
  readonly endsAt: Date | null;
  readonly announcedAt: Date | null;
}

type Reads = Pick<Queries, 'query'>;

/** Reads the named contests, including those that the platform does not have. */
export async function readSnapshots(
  database: Reads,
  clock: PlatformClock,
  ids: readonly number[],
): Promise<ContestSnapshot[]> {
  if (ids.length === 0) return [];
  const named = ids.map(() => 'SELECT ? AS id').join(' UNION ALL ');
  const rows = await database.query<Row>(
    `SELECT n.id, ${columns(clock)} FROM (${named}) n
       LEFT JOIN contest c ON c.id = n.id LEFT JOIN contest_announced a ON a.contest_id = n.id`,
    ids,
  );
  return rows.map((row) => snapshotOf(row, clock));
}

/** Reads the named contests of the platform, and those created after contest `newest`. */
export async function readNamedOrNewer(
  database: Reads,
  clock: PlatformClock,
  ids: readonly number[],
  newest: number,
): Promise<ContestSnapshot[]> {
  const rows = await database.query<Row>(
    `SELECT c.id, ${columns(clock)} FROM contest c LEFT JOIN contest_announced a ON a.contest_id = c.id
      WHERE (c.id > ? AND ${isShowableId('c.id')})${ids.length === 0 ? '' : ' OR c.id IN (?)'}`,
    ids.length === 0 ? [newest] : [newest, ids],
  );
  return rows.map((row) => snapshotOf(row, clock));
}

/** Reads the highest id of a contest; 0 where there is none. */
export async function readNewestId(database: Reads): Promise<number> {
  const [row] = await database.query<{ newest: number | null }>(
    `SELECT MAX(id) AS newest FROM contest WHERE ${isShowableId('id')}`,
  );
  return Number(row?.newest ?? 0);
}

/**
 * Reads every contest that may need an announcement. A contest that is over needs one only when its status or its end is
 * changed; an end that is two days ago is in the past in every time zone.
 */
export async function readUnsettled(database: Reads, clock: PlatformClock): Promise<ContestSnapshot[]> {
  const rows = await database.query<Row>(
    `SELECT c.id, ${columns(clock)} FROM contest c LEFT JOIN contest_announced a ON a.contest_id = c.id
      WHERE ${isShowableId('c.id')} AND (a.contest_id IS NULL OR a.status = 'ENDED'
         OR a.platform_status IS NULL OR a.platform_status <> CONVERT(c.status USING ascii)
         OR (c.status IN ('UPCOMING', 'LIVE')
             AND NOT (a.status IN ('OVER', 'CANCELLED') AND c.end_time < UTC_TIMESTAMP() - INTERVAL 2 DAY)))`,
  );
  return rows.map((row) => snapshotOf(row, clock));
}

function columns(clock: PlatformClock): string {
  return `c.status, ${clock.select('c.start_time', 'startTime')}, ${clock.select('c.end_time', 'endTime')},
            a.status AS announcedStatus, a.platform_status AS platformStatus, a.turn AS version, a.starts_at AS startsAt,
            a.ends_at AS endsAt, a.announced_at AS announcedAt, UTC_TIMESTAMP(3) AS now`;
}

function snapshotOf(row: Row, clock: PlatformClock): ContestSnapshot {
  const status = CONTEST_STATUSES.find((known) => known === row.status);
  return {
    id: Number(row.id),
    now: row.now.getTime(),
    contest:
      status === undefined
        ? undefined
        : {
            status,
            startsAt: clock.instant(row, 'startTime')?.getTime() ?? null,
            endsAt: clock.instant(row, 'endTime')?.getTime() ?? null,
          },
    announced:
      row.announcedStatus === null
        ? undefined
        : {
            status: row.announcedStatus,
            platformStatus: row.platformStatus,
            version: Number(row.version),
            startsAt: row.startsAt?.getTime() ?? null,
            endsAt: row.endsAt?.getTime() ?? null,
            announcedAt: row.announcedAt?.getTime() ?? 0,
          },
  };
}

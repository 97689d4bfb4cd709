import type { Queries } from '../db/database.ts';
import type { Contest } from '../protocol/api/contest.ts';
import { CONTEST_STATUSES, type ContestStatus } from '../protocol/enums.ts';
import type { PlatformClock } from './clock.ts';
import { IS_FROZEN } from './freeze.ts';

export interface ContestViewer {
  readonly userId: number;
  readonly playerId: number | undefined;
  readonly isAdmin: boolean;
}

export interface ContestPageQuery {
  /** Only smaller ids. */
  readonly before: number | undefined;
  readonly limit: number;
  /** Only these; empty: all. */
  readonly statuses: readonly ContestStatus[];
}

interface Row extends Omit<Contest, 'startsAt' | 'endsAt' | 'isPublic' | 'joined' | 'frozen'> {
  readonly isPublic: number;
  readonly joined: number;
  readonly frozen: number;
}

type Reads = Pick<Queries, 'query'>;

/** SQL: status of contest `c`, of which `a` is what was announced. */
export const CONTEST_STATUS = `IF(a.status IS NULL, CONVERT(c.status USING ascii), IF(a.status = 'OVER', 'ENDED', a.status))`;
const JOINED = `EXISTS (SELECT 1 FROM contest_participant p WHERE p.contest_id = c.id AND p.player_id = ?)`;

/**
 * Lists the contests that a viewer may see, newest first: public ones that are not drafts, and those that the viewer
 * participates in or has created; all to admins.
 */
export async function listContests(
  database: Reads,
  clock: PlatformClock,
  viewer: ContestViewer,
  { before, limit, statuses }: ContestPageQuery,
): Promise<Contest[]> {
  const conditions = ['c.id < ?', `${CONTEST_STATUS} IN (?)`];
  const values: unknown[] = [before ?? Number.MAX_SAFE_INTEGER, CONTEST_STATUSES];
  if (statuses.length > 0) {
    conditions.push(`${CONTEST_STATUS} IN (?)`);
    values.push(statuses);
  }
  if (!viewer.isAdmin) {
    conditions.push(`(c.created_by = ? OR (c.status <> 'DRAFT' AND (c.is_public OR ${JOINED})))`);
    values.push(viewer.userId, viewer.playerId ?? 0);
  }
  return select(database, clock, viewer, {
    sql: `WHERE ${conditions.join(' AND ')} ORDER BY c.id DESC LIMIT ${Math.trunc(limit)}`,
    values,
  });
}

/** Reads one contest, without a check of access. */
export async function readContest(
  database: Reads,
  clock: PlatformClock,
  viewer: ContestViewer,
  id: number,
): Promise<Contest | undefined> {
  const [contest] = await select(database, clock, viewer, {
    sql: `WHERE c.id = ? AND ${CONTEST_STATUS} IN (?)`,
    values: [id, CONTEST_STATUSES],
  });
  return contest;
}

async function select(
  database: Reads,
  clock: PlatformClock,
  viewer: ContestViewer,
  which: { readonly sql: string; readonly values: readonly unknown[] },
): Promise<Contest[]> {
  const rows = await database.query<Row>(
    `SELECT c.id, c.title, ${CONTEST_STATUS} AS status, ${clock.select('c.start_time', 'startsAt')},
            ${clock.select('c.end_time', 'endsAt')}, c.participant_count AS participantCount, c.is_public + 0 AS isPublic,
            ${JOINED} AS joined, ${IS_FROZEN} AS frozen
       FROM contest c LEFT JOIN contest_announced a ON a.contest_id = c.id ${which.sql}`,
    [viewer.playerId ?? 0, ...which.values],
  );
  return rows.map((row) => ({
    id: Number(row.id),
    title: row.title ?? '',
    status: row.status,
    startsAt: clock.instant(row, 'startsAt')?.toISOString() ?? null,
    endsAt: clock.instant(row, 'endsAt')?.toISOString() ?? null,
    participantCount: Math.max(0, Number(row.participantCount)),
    isPublic: Number(row.isPublic) !== 0,
    joined: Number(row.joined) !== 0,
    frozen: Number(row.frozen) !== 0,
  }));
}

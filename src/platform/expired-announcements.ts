import { format } from 'mysql2';
import type { Queries } from '../db/database.ts';
import { isTimestamp } from './clock.ts';
import { audienceOf, hasAudience } from './triggers/announcement.ts';

/** Announcement whose expiry has passed. */
export interface ExpiredAnnouncement {
  /** Ids of the rows of `announcement_expiry`. */
  readonly ids: readonly number[];
  readonly announcementId: number;
  readonly title: string | null;
  readonly contestId: number | null;
  readonly role: string | null;
}

export interface ExpiredAnnouncements {
  readonly expired: readonly ExpiredAnnouncement[];
  /** Ids of rows whose announcement was deleted or deactivated before, or got another expiry. */
  readonly stale: readonly number[];
}

/** Max expiries per list. */
const MAX_LISTED = 500;

const JOINED = 'announcement_expiry e LEFT JOIN announcement a ON a.id = e.announcement_id';

/** SQL: whether the announcement is active and has this very expiry still, which is known as an instant and as it was written. */
const HOLDS = `(a.is_active IS TRUE AND ${hasAudience('a')} AND
  IF(${isTimestamp('announcement', 'expires_at')},
    TIMESTAMPADD(SECOND, CEILING(UNIX_TIMESTAMP(a.expires_at)), '1970-01-01') = e.expires_at,
    a.expires_at = CAST(e.written_as AS DATETIME(6))))`;

/**
 * Lists the announcements whose expiry has passed, by the expiries that triggers stored. Costs one seek in an index while
 * there are none, however many are still to come.
 */
export async function listExpired(database: Pick<Queries, 'query'>): Promise<ExpiredAnnouncements> {
  const due = await database.query<{ id: number }>(
    `SELECT id FROM announcement_expiry FORCE INDEX (announcement_expiry_time)
      WHERE expires_at <= UTC_TIMESTAMP(3) ORDER BY expires_at, id LIMIT ${MAX_LISTED}`,
  );
  if (due.length === 0) return { expired: [], stale: [] };
  const { contestId, role } = audienceOf('a');
  const rows = await database.query<{
    id: number;
    holds: number | null;
    announcementId: number;
    title: string | null;
    contestId: number | null;
    role: string | null;
  }>(
    `SELECT e.id, ${HOLDS} AS holds, a.id AS announcementId, a.title, ${contestId} AS contestId, ${role} AS role
       FROM ${JOINED} WHERE e.id IN (?) ORDER BY e.id`,
    [due.map(({ id }) => id)],
  );
  const expired = new Map<number, ExpiredAnnouncement>();
  const stale: number[] = [];
  for (const { id, holds, ...announcement } of rows) {
    if (Number(holds) !== 1) stale.push(id);
    else {
      const ids = [...(expired.get(announcement.announcementId)?.ids ?? []), id];
      expired.set(announcement.announcementId, { ...announcement, ids });
    }
  }
  return { expired: [...expired.values()], stale };
}

/** Statement that counts those of these rows whose announcement still has that expiry, into a variable, without locks. */
export function countExpired(ids: readonly number[], variable: string): string {
  return format(`SELECT COUNT(*) INTO ${variable} FROM ${JOINED} WHERE e.id IN (?) AND ${HOLDS}`, [[...ids]]);
}

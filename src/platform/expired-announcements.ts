import { format } from 'mysql2';
import type { Queries } from '../db/database.ts';
import { isTimestamp } from './clock.ts';
import { audienceOf, hasAudience } from './triggers/announcement.ts';

/** Announcement whose expiry has passed. */
export interface ExpiredAnnouncement {
  /** Ids of the rows of `deferred_event` that stand for the expiry. */
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

const JOINED = "deferred_event d LEFT JOIN announcement a ON a.id = JSON_EXTRACT(d.data, '$.announcementId')";

/** SQL: whether the announcement is active and has this very expiry still, which is known as an instant and as it was written. */
const HOLDS = `(a.is_active IS TRUE AND ${hasAudience('a')} AND
  IF(${isTimestamp('announcement', 'expires_at')}, CEILING(UNIX_TIMESTAMP(a.expires_at)) = -d.contest_id,
    a.expires_at = CAST(JSON_UNQUOTE(JSON_EXTRACT(d.data, '$.expiresAt')) AS DATETIME(6))))`;

/**
 * Lists the announcements whose expiry has passed, by the expiries that triggers stored. Costs one seek in an index while
 * there are none, however many are still to come.
 */
export async function listExpired(database: Pick<Queries, 'query'>): Promise<ExpiredAnnouncements> {
  const due = await database.query<{ id: number }>(
    `SELECT id FROM deferred_event FORCE INDEX (deferred_event_contest)
      WHERE contest_id BETWEEN -UNIX_TIMESTAMP() AND -1 ORDER BY contest_id, id LIMIT ${MAX_LISTED}`,
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
    `SELECT d.id, ${HOLDS} AS holds, a.id AS announcementId, a.title, ${contestId} AS contestId, ${role} AS role
       FROM ${JOINED} WHERE d.id IN (?) ORDER BY d.id`,
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
  return format(`SELECT COUNT(*) INTO ${variable} FROM ${JOINED} WHERE d.id IN (?) AND ${HOLDS}`, [[...ids]]);
}

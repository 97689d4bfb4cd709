import { notificationOf } from '../channel/live-frame.ts';
import type { Queries } from '../db/database.ts';
import type { InboxCounts, InboxItem } from '../protocol/api/inbox.ts';
import type { EventType } from '../protocol/event.ts';
import { type Scope, scopes } from '../protocol/scope.ts';
import { inInbox } from './inbox-scopes.ts';

export interface PageRequest {
  /** Only notifications before this position. */
  readonly before?: number | undefined;
  /** 1 … 100 */
  readonly limit: number;
  readonly unread?: boolean | undefined;
  /** Only what is archived; otherwise only what is not. */
  readonly archived?: boolean | undefined;
  readonly type?: EventType | undefined;
}

const RECEIPTS = `LEFT JOIN notification_receipt r ON r.notification_id = n.id AND r.player_id = ?`;
const INBOX = 'FROM notification n FORCE INDEX (notification_inbox)';

/** Reads a page of an inbox, newest first, up to and including position `through`. */
export async function readPage(
  database: Pick<Queries, 'query'>,
  playerId: number,
  scopes: readonly Scope[],
  request: PageRequest,
  through: number,
): Promise<InboxItem[]> {
  const kept = inInbox(scopes);
  const conditions = [kept.sql, 'n.id <= ?'];
  const values: unknown[] = [playerId, ...kept.values, through];
  if (request.before !== undefined) {
    conditions.push('n.id < ?');
    values.push(request.before);
  }
  if (request.type !== undefined) {
    conditions.push('n.type = ?');
    values.push(request.type);
  }
  if (request.unread !== undefined) conditions.push(`r.read_at IS ${request.unread ? '' : 'NOT '}NULL`);
  conditions.push(`r.archived_at IS ${request.archived ? 'NOT ' : ''}NULL`);
  const rows = await database.query<Row>(
    `SELECT n.id, n.event_id AS eventId, n.scope, n.type, n.player_id AS playerId, n.title, n.message, n.data,
            n.created_at AS createdAt, r.seen_at AS seenAt, r.read_at AS readAt, r.archived_at AS archivedAt
       ${INBOX} ${RECEIPTS} WHERE ${conditions.join(' AND ')} ORDER BY n.id DESC LIMIT ${Math.trunc(request.limit)}`,
    values,
  );
  const superseding = new Map([
    ...(await readSuperseding(database, playerId, rows)),
    ...(await readLaterAnnouncements(database, rows)),
  ]);
  return rows.map((row) => ({
    ...notificationOf({ ...row, at: row.createdAt.getTime() }),
    ...(superseding.has(row.eventId) ? { supersededBy: superseding.get(row.eventId) as number } : {}),
    seenAt: row.seenAt?.toISOString() ?? null,
    readAt: row.readAt?.toISOString() ?? null,
    archivedAt: row.archivedAt?.toISOString() ?? null,
  }));
}

/** By `eventId`, the notifications by which a page's solves were taken back. */
async function readSuperseding(
  database: Pick<Queries, 'query'>,
  playerId: number,
  rows: readonly Row[],
): Promise<ReadonlyMap<number, number>> {
  const oldest = rows.findLast(({ type }) => type === 'PROBLEM_SOLVED');
  if (oldest === undefined) return new Map();
  const found = await database.query<{ id: number; supersedes: number | string | null }>(
    `SELECT n.id, JSON_EXTRACT(n.data, '$.supersedes') AS supersedes FROM notification n FORCE INDEX (notification_inbox)
      WHERE n.scope = ? AND n.inbox = 1 AND n.id > ? AND n.type = 'SOLVE_RETRACTED'`,
    [scopes.player(playerId), oldest.id],
  );
  return new Map(found.map(({ id, supersedes }) => [Number(supersedes), id]));
}

/**
 * By `eventId`, the corrections and withdrawals of a page's announcements, each the next one. They went where the announcement
 * went, so that only later messages of the same scopes are read: not those of the player's own scope, which are the most.
 */
async function readLaterAnnouncements(
  database: Pick<Queries, 'query'>,
  rows: readonly Row[],
): Promise<ReadonlyMap<number, number>> {
  const announcements = rows.flatMap(({ id, eventId, scope, type, data }) => {
    const about = type === 'ANNOUNCEMENT' ? (JSON.parse(data) as { announcementId?: number }) : {};
    return about.announcementId === undefined ? [] : [{ id, eventId, scope, about: about.announcementId }];
  });
  if (announcements.length === 0) return new Map();
  // The page begins with the newest, so that the oldest of each scope is the last to be set.
  const oldest = new Map(announcements.map(({ scope, id }) => [scope, id]));
  const later = await database.query<{ id: number; scope: Scope; about: number | string }>(
    `SELECT n.id, n.scope, JSON_EXTRACT(n.data, '$.announcementId') AS about ${INBOX}
      WHERE (${[...oldest].map(() => '(n.scope = ? AND n.inbox = 1 AND n.id > ?)').join(' OR ')})
        AND (n.type = 'ANNOUNCEMENT_WITHDRAWN' OR n.type = 'ANNOUNCEMENT' AND JSON_EXTRACT(n.data, '$.correction'))
      ORDER BY n.id`,
    [...oldest].flat(),
  );
  const found = announcements.map(({ id, eventId, scope, about }) => {
    const next = later.find((one) => one.id > id && one.scope === scope && Number(one.about) === about);
    return [eventId, next?.id] as const;
  });
  return new Map(found.flatMap(([eventId, id]) => (id === undefined ? [] : [[eventId, id] as const])));
}

/** Counts of an inbox, without what is archived, up to and including position `through`. */
export async function readCounts(
  database: Pick<Queries, 'query'>,
  playerId: number,
  scopes: readonly Scope[],
  through = Number.MAX_SAFE_INTEGER,
): Promise<InboxCounts> {
  const kept = inInbox(scopes);
  const [row] = await database.query<Record<keyof InboxCounts, number | string | null>>(
    `SELECT COUNT(*) AS total, SUM(r.read_at IS NULL) AS unread, SUM(r.seen_at IS NULL) AS unseen
       ${INBOX} ${RECEIPTS} WHERE ${kept.sql} AND n.id <= ? AND r.archived_at IS NULL`,
    [playerId, ...kept.values, through],
  );
  return {
    unread: Number(row?.unread ?? 0),
    unseen: Number(row?.unseen ?? 0),
    total: Number(row?.total ?? 0),
  };
}

interface Row {
  id: number;
  eventId: number;
  scope: Scope;
  type: EventType;
  playerId: number | null;
  title: string;
  message: string;
  data: string;
  createdAt: Date;
  seenAt: Date | null;
  readAt: Date | null;
  archivedAt: Date | null;
}

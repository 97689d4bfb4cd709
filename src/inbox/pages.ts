import { notificationOf } from '../channel/live-frame.ts';
import type { Queries } from '../db/database.ts';
import type { InboxItem } from '../protocol/api/inbox.ts';
import type { EventType } from '../protocol/event.ts';
import { type Scope, scopes } from '../protocol/scope.ts';
import {
  type Block,
  CORRECTION,
  hasType,
  matchesIn,
  type PageFilter,
  type PositionRange,
  rangesOf,
  withinRanges,
} from './blocks.ts';
import { inInbox, type PlayerInbox } from './inbox-scopes.ts';

export interface PageRequest extends PageFilter {
  /** Only notifications before this position. */
  readonly before?: number | undefined;
  /** 1 … 100 */
  readonly limit: number;
}

type Reads = Pick<Queries, 'query'>;

const RECEIPTS = `LEFT JOIN notification_receipt r ON r.notification_id = n.id AND r.player_id = ?`;
const INBOX = 'FROM notification n FORCE INDEX (notification_inbox)';

/**
 * Reads a page of an inbox, newest first, up to and including position `through`. Blocks in which nothing matches are not read.
 */
export async function readPage(
  database: Reads,
  inbox: PlayerInbox,
  blocks: readonly Block[],
  request: PageRequest,
  through: number,
): Promise<InboxItem[]> {
  const newest = Math.min(through, (request.before ?? Number.MAX_SAFE_INTEGER) - 1);
  const rows: Row[] = [];
  for (const ranges of searched(blocks, request, newest)) {
    rows.push(
      ...(await readMatching(database, inbox, { ...request, limit: request.limit - rows.length }, ranges)),
    );
    if (rows.length >= request.limit) break;
  }
  const superseding = new Map([
    ...(await readSuperseding(database, inbox, blocks, rows)),
    ...(await readLaterAnnouncements(database, blocks, rows)),
  ]);
  return rows.map((row) => ({
    ...notificationOf({ ...row, at: row.createdAt.getTime() }),
    ...(superseding.has(row.eventId) ? { supersededBy: superseding.get(row.eventId) as number } : {}),
    seenAt: row.seenAt?.toISOString() ?? null,
    readAt: row.readAt?.toISOString() ?? null,
    archivedAt: row.archivedAt?.toISOString() ?? null,
  }));
}

/**
 * Ranges to search for a page, from the newest on: at each step as many blocks as have enough matches. The first has also what
 * follows the last block.
 */
function* searched(
  blocks: readonly Block[],
  request: PageRequest,
  newest: number,
): Generator<PositionRange[]> {
  let high = newest;
  let matches = 0;
  for (let index = blocks.length - 1; index >= 0; index--) {
    const block = blocks[index] as Block;
    const after = blocks[index - 1]?.throughId ?? 0;
    if (after >= high) continue;
    matches += matchesIn(block, request);
    if (matches < request.limit) continue;
    yield rangesOf(blocks, (each) => matchesIn(each, request) > 0, { after, through: high });
    high = after;
    matches = 0;
  }
  if (high > 0) yield rangesOf(blocks, (each) => matchesIn(each, request) > 0, { through: high });
}

async function readMatching(
  database: Reads,
  { playerId, scopes }: PlayerInbox,
  request: PageRequest,
  ranges: readonly PositionRange[],
): Promise<Row[]> {
  if (ranges.length === 0) return [];
  const kept = inInbox(scopes);
  const within = withinRanges(ranges);
  const conditions = [kept.sql, within.sql];
  const values: unknown[] = [playerId, ...kept.values, ...within.values];
  if (request.type !== undefined) {
    conditions.push('n.type = ?');
    values.push(request.type);
  }
  if (request.unread !== undefined) conditions.push(`r.read_at IS ${request.unread ? '' : 'NOT '}NULL`);
  conditions.push(`r.archived_at IS ${request.archived ? 'NOT ' : ''}NULL`);
  return database.query<Row>(
    `SELECT n.id, n.event_id AS eventId, n.scope, n.type, n.player_id AS playerId, n.title, n.message, n.data,
            n.created_at AS createdAt, r.seen_at AS seenAt, r.read_at AS readAt, r.archived_at AS archivedAt
       ${INBOX} ${RECEIPTS} WHERE ${conditions.join(' AND ')} ORDER BY n.id DESC LIMIT ${Math.trunc(request.limit)}`,
    values,
  );
}

/** By `eventId`, the notifications by which a page's solves were taken back. */
async function readSuperseding(
  database: Reads,
  { playerId }: PlayerInbox,
  blocks: readonly Block[],
  rows: readonly Row[],
): Promise<ReadonlyMap<number, number>> {
  const oldest = rows.findLast(({ type }) => type === 'PROBLEM_SOLVED');
  if (oldest === undefined) return new Map();
  const later = rangesOf(blocks, (block) => hasType(block, 'SOLVE_RETRACTED'), { after: oldest.id });
  const within = withinRanges(later);
  const found = await database.query<{ id: number; supersedes: number | string | null }>(
    `SELECT n.id, JSON_EXTRACT(n.data, '$.supersedes') AS supersedes ${INBOX}
      WHERE n.scope = ? AND n.inbox = 1 AND ${within.sql} AND n.type = 'SOLVE_RETRACTED'`,
    [scopes.player(playerId), ...within.values],
  );
  return new Map(found.map(({ id, supersedes }) => [Number(supersedes), id]));
}

/**
 * By `eventId`, the corrections and withdrawals of a page's announcements, each the next one. They went where the announcement
 * went, so that only later messages of the same scopes are read: not those of the player's own scope, which are the most.
 */
async function readLaterAnnouncements(
  database: Reads,
  blocks: readonly Block[],
  rows: readonly Row[],
): Promise<ReadonlyMap<number, number>> {
  const announcements = rows.flatMap(({ id, eventId, scope, type, data }) => {
    const about = type === 'ANNOUNCEMENT' ? (JSON.parse(data) as { announcementId?: number }) : {};
    return about.announcementId === undefined ? [] : [{ id, eventId, scope, about: about.announcementId }];
  });
  if (announcements.length === 0) return new Map();
  // The page begins with the newest, so that the oldest of each scope is the last to be set.
  const oldest = new Map(announcements.map(({ scope, id }) => [scope, id]));
  const within = withinRanges(
    rangesOf(blocks, (block) => hasType(block, CORRECTION) || hasType(block, 'ANNOUNCEMENT_WITHDRAWN'), {
      after: Math.min(...oldest.values()),
    }),
  );
  const later = await database.query<{ id: number; scope: Scope; about: number | string }>(
    `SELECT n.id, n.scope, JSON_EXTRACT(n.data, '$.announcementId') AS about ${INBOX}
      WHERE ${within.sql} AND (${[...oldest].map(() => '(n.scope = ? AND n.inbox = 1 AND n.id > ?)').join(' OR ')})
        AND (n.type = 'ANNOUNCEMENT_WITHDRAWN' OR n.type = 'ANNOUNCEMENT' AND JSON_EXTRACT(n.data, '$.correction'))
      ORDER BY n.id`,
    [...within.values, ...[...oldest].flat()],
  );
  const found = announcements.map(({ id, eventId, scope, about }) => {
    const next = later.find((one) => one.id > id && one.scope === scope && Number(one.about) === about);
    return [eventId, next?.id] as const;
  });
  return new Map(found.flatMap(([eventId, id]) => (id === undefined ? [] : [[eventId, id] as const])));
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

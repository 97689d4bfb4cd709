import type { Queries } from '../db/database.ts';
import type { Stream } from '../stream/stream.ts';
import { truncate } from '../util/truncate.ts';

/** Session as one element of the JSON that `WRITE_SESSIONS` takes. Absent fields are NULL. */
export interface SessionRow {
  readonly id: string;
  readonly user: number;
  readonly player?: number | undefined;
  readonly scopes: string;
  readonly ticket?: string | undefined;
  /** Time since it was opened, ms. */
  readonly age: number;
  readonly expires: string;
  /** Time until the latest end of an open stream, ms. */
  readonly life?: number | undefined;
  readonly delivered: number;
  /** Time since it was closed, ms. */
  readonly ended?: number | undefined;
  readonly reason?: string | undefined;
  readonly address?: string | undefined;
  readonly agent?: string | undefined;
}

/** Closed stream until it is written; times as `performance.now()`. It keeps neither sink nor owner alive. */
export interface ClosedSession {
  readonly row: SessionRow;
  readonly openedAt: number;
  readonly closedAt: number;
}

/**
 * Upserts rows to their present state, also those that a sweep took for lost. Times are given as ages, so that only the database's clock counts, and not those of the
 * nodes. Values: node id, rows as JSON.
 *
 * The last heartbeat of an open session is its latest possible end: see `stream_session` in `db/schema.ts`.
 *
 * An expiry that another node commanded takes precedence until the command is carried out; closing a stream clears its
 * commands.
 */
export const WRITE_SESSIONS = `
  INSERT INTO stream_session (stream_id, node_id, user_id, player_id, scopes, ticket_id, connected_at,
    last_heartbeat_at, expires_at, last_delivered_id, disconnected_at, close_reason, address, user_agent)
  SELECT r.id, ?, r.user, r.player, r.scopes, r.ticket,
    UTC_TIMESTAMP(3) - INTERVAL r.age * 1000 MICROSECOND,
    IF(r.ended IS NULL, UTC_TIMESTAMP(3) + INTERVAL COALESCE(r.life, 0) * 1000 MICROSECOND, UTC_TIMESTAMP(3) - INTERVAL r.ended * 1000 MICROSECOND),
    r.expires, r.delivered,
    UTC_TIMESTAMP(3) - INTERVAL r.ended * 1000 MICROSECOND,
    r.reason, r.address, r.agent
  FROM JSON_TABLE(?, '$[*]' COLUMNS (
    id VARCHAR(36) PATH '$.id',
    user BIGINT PATH '$.user',
    player BIGINT PATH '$.player',
    scopes TEXT PATH '$.scopes',
    ticket VARCHAR(36) PATH '$.ticket',
    age BIGINT PATH '$.age',
    life BIGINT PATH '$.life',
    expires VARCHAR(23) PATH '$.expires',
    delivered BIGINT PATH '$.delivered',
    ended BIGINT PATH '$.ended',
    reason VARCHAR(16) PATH '$.reason',
    address VARCHAR(45) PATH '$.address',
    agent VARCHAR(255) PATH '$.agent'
  )) r
  ON DUPLICATE KEY UPDATE
    expires_at = IF(stream_session.commanded_at IS NULL, VALUES(expires_at), stream_session.expires_at),
    last_heartbeat_at = VALUES(last_heartbeat_at),
    last_delivered_id = VALUES(last_delivered_id),
    disconnected_at = VALUES(disconnected_at),
    close_reason = VALUES(close_reason),
    commanded_at = IF(VALUES(disconnected_at) IS NULL, stream_session.commanded_at, NULL),
    changed_at = CURRENT_TIMESTAMP(3)`;

/** Reads which of these sessions have a row that another transaction has locked. */
export async function readLockedSessions(
  database: Pick<Queries, 'query'>,
  ids: readonly string[],
): Promise<Set<string>> {
  const select = 'SELECT stream_id AS id FROM stream_session WHERE stream_id IN (?)';
  const all = await database.query<{ id: string }>(select, [ids]);
  const free = await database.query<{ id: string }>(`${select} FOR UPDATE SKIP LOCKED`, [ids]);
  const locked = new Set(all.map(({ id }) => id));
  for (const { id } of free) locked.delete(id);
  return locked;
}

/** Reads the ids of a node's streams that are stored as open. */
export async function readOpenSessions(database: Pick<Queries, 'query'>, nodeId: string): Promise<string[]> {
  const rows = await database.query<{ id: string }>(
    'SELECT stream_id AS id FROM stream_session WHERE node_id = ? AND disconnected_at IS NULL',
    [nodeId],
  );
  return rows.map(({ id }) => id);
}

/** Stores these streams as lost, as of now. */
export async function endLostSessions(
  database: Pick<Queries, 'execute'>,
  ids: readonly string[],
): Promise<void> {
  if (ids.length === 0) return;
  await database.execute(
    `UPDATE stream_session SET disconnected_at = GREATEST(connected_at, UTC_TIMESTAMP(3)), close_reason = 'lost',
        last_heartbeat_at = GREATEST(connected_at, UTC_TIMESTAMP(3)), commanded_at = NULL WHERE stream_id IN (?)`,
    [ids],
  );
}

/** Makes the row of an open stream. @param now as `performance.now()` */
export function openRow(stream: Stream, now: number): SessionRow {
  const { owner } = stream;
  return {
    id: stream.id,
    user: owner.userId,
    player: owner.playerId,
    scopes: JSON.stringify(stream.scopes),
    ticket: owner.ticketId,
    age: Math.max(0, Math.round(now - stream.openedAt)),
    expires: sqlInstant(stream.expiresAt),
    life: Math.max(0, Math.round(stream.rotatesAt - now)),
    delivered: stream.lastDeliveredId,
    // Headers are the client's: an oversized one must not make the statement fail.
    address: owner.address && truncate(owner.address, 45),
    agent: owner.userAgent && truncate(owner.userAgent, 255),
  };
}

/** Makes the entry of a stream that closes now. */
export function closedSession(stream: Stream, reason: string, now: number): ClosedSession {
  return {
    row: { ...openRow(stream, now), reason },
    openedAt: stream.openedAt,
    closedAt: now,
  };
}

/** Makes the row of a closed stream. */
export function closedRow({ row, openedAt, closedAt }: ClosedSession, now: number): SessionRow {
  return {
    ...row,
    age: Math.max(0, Math.round(now - openedAt)),
    ended: Math.max(0, Math.round(now - closedAt)),
  };
}

/** Last day of DATETIME. */
const LAST_INSTANT = Date.UTC(9999, 11, 31);

function sqlInstant(date: Date): string {
  const time = Math.max(0, Math.min(date.getTime(), LAST_INSTANT));
  return new Date(time).toISOString().slice(0, 23).replace('T', ' ');
}

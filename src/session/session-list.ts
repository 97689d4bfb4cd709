import type { Queries } from '../db/database.ts';
import { isAlive, JOIN_LEASE, LAST_SIGN_OF_LIFE } from '../db/live-sessions.ts';
import type { Session } from '../protocol/api/session.ts';

/** Moments of a session, which its row holds as dates. */
type SessionMoments = { readonly [K in 'connectedAt' | 'lastHeartbeatAt']: Date } & {
  readonly [K in 'expiresAt' | 'disconnectedAt']: Date | null;
};

/** Session as its row in `stream_session` holds it. */
export type StoredSession = Omit<Session, keyof SessionMoments> & SessionMoments;

export interface SessionQuery {
  /** Whether to list open sessions, or closed ones. */
  readonly active: boolean;
  readonly playerId?: number | undefined;
  readonly nodeId?: string | undefined;
  readonly limit: number;
  /** Key of the last session of the previous page. */
  readonly after?: SessionKey | undefined;
}

/** Sort key, newest first: the opening of open sessions, the end of closed ones; the stream id makes it unique. */
export type SessionKey = readonly [at: Date, heartbeatAt: Date, streamId: string];

export function keyOf(session: StoredSession): SessionKey {
  return [session.disconnectedAt ?? session.connectedAt, session.lastHeartbeatAt, session.streamId];
}

/**
 * Lists sessions, newest first.
 *
 * @param timeoutMs age of the last heartbeat from which an open session of a node without a lease is left out
 */
export async function listSessions(
  database: Pick<Queries, 'query'>,
  query: SessionQuery,
  timeoutMs: number,
): Promise<StoredSession[]> {
  const values: unknown[] = [];
  const where = (sql: string, ...given: unknown[]) => {
    values.push(...given);
    return sql;
  };
  const { active, playerId, nodeId, after } = query;
  const conditions = [
    active ? `s.disconnected_at IS NULL AND ${isAlive(timeoutMs)}` : 's.disconnected_at IS NOT NULL',
    ...(playerId === undefined ? [] : [where('s.player_id = ?', playerId)]),
    ...(nodeId === undefined ? [] : [where('s.node_id = ?', nodeId)]),
    ...(after === undefined ? [] : [active ? afterOpen(after, where) : afterClosed(after, where)]),
  ];
  // Closed sessions are many, and read in the order of an index.
  const order = active
    ? 's.connected_at DESC, s.stream_id DESC'
    : 's.disconnected_at DESC, s.last_heartbeat_at DESC, s.stream_id DESC';
  const rows = await database.query<Omit<StoredSession, 'scopes'> & { scopes: string }>(
    `SELECT s.stream_id AS streamId, s.node_id AS nodeId, s.user_id AS userId, s.player_id AS playerId,
            u.name AS playerName, s.scopes, s.connected_at AS connectedAt,
            ${active ? LAST_SIGN_OF_LIFE : 's.last_heartbeat_at'} AS lastHeartbeatAt,
            s.expires_at AS expiresAt, s.last_delivered_id AS lastDeliveredId, s.disconnected_at AS disconnectedAt,
            s.close_reason AS closeReason, s.address, s.user_agent AS userAgent
       FROM stream_session s ${JOIN_LEASE} LEFT JOIN users u ON u.id = s.user_id
      WHERE ${conditions.join(' AND ')} ORDER BY ${order} LIMIT ${Math.trunc(query.limit)}`,
    values,
  );
  return rows.map((row) => ({ ...row, scopes: JSON.parse(row.scopes) as string[] }));
}

type Where = (sql: string, ...given: unknown[]) => string;

function afterOpen([at, , id]: SessionKey, where: Where): string {
  return where('s.connected_at <= ? AND (s.connected_at < ? OR s.stream_id < ?)', at, at, id);
}

function afterClosed([at, heartbeatAt, id]: SessionKey, where: Where): string {
  return where(
    `s.disconnected_at <= ? AND (s.disconnected_at < ? OR s.last_heartbeat_at < ?
       OR (s.last_heartbeat_at = ? AND s.stream_id < ?))`,
    at,
    at,
    heartbeatAt,
    heartbeatAt,
    id,
  );
}

import type { Queries } from '../db/database.ts';

/** A stream as its row tells of it. */
export interface Session {
  readonly streamId: string;
  readonly nodeId: string;
  readonly userId: number | null;
  readonly playerId: number | null;
  readonly playerName: string | null;
  readonly scopes: readonly string[];
  readonly connectedAt: Date;
  readonly lastHeartbeatAt: Date;
  readonly expiresAt: Date | null;
  readonly lastDeliveredId: number;
  readonly disconnectedAt: Date | null;
  /** Why it ended: as in `stream-close`, `gone` when the client left, `lost` when its node died. */
  readonly closeReason: string | null;
  readonly address: string | null;
  readonly userAgent: string | null;
}

export interface SessionQuery {
  /** Those that are open, or those that are not. */
  readonly active: boolean;
  readonly playerId?: number | undefined;
  readonly nodeId?: string | undefined;
  readonly limit: number;
  /** Where the previous page ended. */
  readonly after?: SessionKey | undefined;
}

/** What sessions are ordered by, newest first: of open ones their beginning, of others their end; then what is unique. */
export type SessionKey = readonly [at: Date, heartbeatAt: Date, streamId: string];

export function keyOf(session: Session): SessionKey {
  return [session.disconnectedAt ?? session.connectedAt, session.lastHeartbeatAt, session.streamId];
}

/**
 * Sessions, newest first.
 *
 * @param timeoutMs how long an open session may be without a heartbeat before it is left out, as in `v_active_sessions`
 */
export async function listSessions(
  database: Pick<Queries, 'query'>,
  query: SessionQuery,
  timeoutMs: number,
): Promise<Session[]> {
  const values: unknown[] = [];
  const where = (sql: string, ...given: unknown[]) => {
    values.push(...given);
    return sql;
  };
  const { active, playerId, nodeId, after } = query;
  const conditions = [
    active
      ? where(
          's.disconnected_at IS NULL AND s.last_heartbeat_at > UTC_TIMESTAMP(3) - INTERVAL ? MICROSECOND',
          timeoutMs * 1_000,
        )
      : 's.disconnected_at IS NOT NULL',
    ...(playerId === undefined ? [] : [where('s.player_id = ?', playerId)]),
    ...(nodeId === undefined ? [] : [where('s.node_id = ?', nodeId)]),
    ...(after === undefined ? [] : [active ? afterOpen(after, where) : afterClosed(after, where)]),
  ];
  // Closed ones are many, and in the order of an index. A heartbeat moves all the time, so open ones go without it.
  const order = active
    ? 's.connected_at DESC, s.stream_id DESC'
    : 's.disconnected_at DESC, s.last_heartbeat_at DESC, s.stream_id DESC';
  const rows = await database.query<Omit<Session, 'scopes'> & { scopes: string }>(
    `SELECT s.stream_id AS streamId, s.node_id AS nodeId, s.user_id AS userId, s.player_id AS playerId,
            u.name AS playerName, s.scopes, s.connected_at AS connectedAt, s.last_heartbeat_at AS lastHeartbeatAt,
            s.expires_at AS expiresAt, s.last_delivered_id AS lastDeliveredId, s.disconnected_at AS disconnectedAt,
            s.close_reason AS closeReason, s.address, s.user_agent AS userAgent
       FROM stream_session s LEFT JOIN users u ON u.id = s.user_id
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

/** SQL: joins the lease of a session's node as `n`, where `s` is `stream_session`. */
export const JOIN_LEASE = 'LEFT JOIN node n ON n.node_id = s.node_id';

/** SQL: the last sign of life of an open session of `JOIN_LEASE`. */
export const LAST_SIGN_OF_LIFE = 'COALESCE(n.renewed_at, s.last_heartbeat_at)';

/**
 * SQL condition on `JOIN_LEASE`: an open session is alive while its node's lease is. A session of a node without a lease
 * (an earlier release, or SQL users) is alive for a time after its last heartbeat.
 *
 * @param timeoutMs that time, ms
 */
export function isAlive(timeoutMs: number): string {
  const micros = Math.trunc(timeoutMs) * 1_000;
  return `IF(n.node_id IS NULL, s.last_heartbeat_at > UTC_TIMESTAMP(3) - INTERVAL ${micros} MICROSECOND,
             n.expires_at > UTC_TIMESTAMP(3))`;
}

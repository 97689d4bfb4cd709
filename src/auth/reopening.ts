import type { Queries } from '../db/database.ts';
import { JOIN_LEASE, LAST_SIGN_OF_LIFE } from '../db/live-sessions.ts';
import type { Ticket } from './ticket.ts';

/** Time for which a stream that was cut may be reopened with its ticket, in seconds. */
const REOPEN_S = 120;

/**
 * Whether a ticket may be used now. Until it expires it opens a stream. Later it only reopens one: a stream of this
 * ticket and user must be alive, or have ended within the last two minutes. A ticket is invalid from the moment at which
 * one of its streams is closed, or is to be closed, as `revoked`, `disconnected` or `expired`.
 */
export async function mayUse(
  database: Pick<Queries, 'query'>,
  ticket: Ticket,
  heartbeatTimeoutMs: number,
): Promise<boolean> {
  // A killed node leaves its sessions open. Until they are swept, the node's last sign of life counts as their end.
  const graceS = REOPEN_S + heartbeatTimeoutMs / 1000;
  const [row] = await database.query<{ ended: string | null; continues: string | null }>(
    `SELECT SUM(COALESCE(close_reason, '') IN ('revoked', 'disconnected', 'expired')
                OR COALESCE(close_requested, '') IN ('revoked', 'disconnected', 'expired')) AS ended,
            SUM(CASE WHEN disconnected_at IS NULL
                     THEN ${LAST_SIGN_OF_LIFE} > UTC_TIMESTAMP(3) - INTERVAL ? SECOND
                     ELSE disconnected_at > UTC_TIMESTAMP(3) - INTERVAL ? SECOND END) AS continues
       FROM stream_session s ${JOIN_LEASE}
      WHERE ticket_id = ? AND user_id = ?`,
    [graceS, REOPEN_S, ticket.id, ticket.userId],
  );
  if (Number(row?.ended ?? 0) > 0) return false;
  return ticket.opens || Number(row?.continues ?? 0) > 0;
}

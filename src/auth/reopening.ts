import type { Queries } from '../db/database.ts';
import type { Ticket } from './ticket.ts';

/** A stream that was cut may be reopened with its old ticket for this long, in seconds. */
const REOPEN_S = 120;

/**
 * Whether a ticket may be used now. In its time it opens a stream; later it only continues one: a stream of this ticket
 * and user must be alive, or have ended within the last two minutes. A stream that was closed for good (`revoked`, `disconnected`,
 * `expired`), or is about to be, ends its ticket, even in its time.
 */
export async function mayUse(
  database: Pick<Queries, 'query'>,
  ticket: Ticket,
  heartbeatTimeoutMs: number,
): Promise<boolean> {
  // A node that was killed leaves its sessions open; until they are swept, the last heartbeat says when they ended.
  const graceS = REOPEN_S + heartbeatTimeoutMs / 1000;
  const [row] = await database.query<{ ended: string | null; continues: string | null }>(
    `SELECT SUM(COALESCE(close_reason, '') IN ('revoked', 'disconnected', 'expired')
                OR COALESCE(close_requested, '') IN ('revoked', 'disconnected', 'expired')) AS ended,
            SUM(CASE WHEN disconnected_at IS NULL
                     THEN last_heartbeat_at > UTC_TIMESTAMP(3) - INTERVAL ? SECOND
                     ELSE disconnected_at > UTC_TIMESTAMP(3) - INTERVAL ? SECOND END) AS continues
       FROM stream_session
      WHERE ticket_id = ? AND user_id = ?`,
    [graceS, REOPEN_S, ticket.id, ticket.userId],
  );
  if (Number(row?.ended ?? 0) > 0) return false;
  return ticket.opens || Number(row?.continues ?? 0) > 0;
}

import type { Queries } from '../db/database.ts';
import { JOIN_LEASE, LAST_SIGN_OF_LIFE } from '../db/live-sessions.ts';
import { Batched } from '../util/batched.ts';
import type { Ticket } from './ticket.ts';

/** Time for which a stream that was cut may be reopened with its ticket, in seconds. */
const REOPEN_S = 120;
/** Bounds of the reads: tickets per statement, statements at a time, and min time between two, ms. */
const READS = { maxItems: 200, maxRuns: 2, spacingMs: 10 };

type UsedTicket = Pick<Ticket, 'id' | 'userId'>;

/** What the sessions of a ticket and user say. */
interface TicketUse {
  readonly ended: boolean;
  readonly continues: boolean;
}

/**
 * Makes the check whether a ticket may be used now. Until it expires it opens a stream. Later it only reopens one: a stream of this
 * ticket and user must be alive, or have ended within the last two minutes. A ticket is invalid from the moment at which
 * one of its streams is closed, or is to be closed, as `revoked`, `disconnected` or `expired`. Tickets that come together
 * are read by one statement.
 */
export function createTicketCheck(
  database: Pick<Queries, 'query'>,
  heartbeatTimeoutMs: number,
): (ticket: Ticket) => Promise<boolean> {
  // A killed node leaves its sessions open. Until they are swept, the node's last sign of life counts as their end.
  const graceS = REOPEN_S + heartbeatTimeoutMs / 1000;
  const uses = new Batched(async (tickets: readonly UsedTicket[]): Promise<Map<string, TicketUse>> => {
    const rows = await database.query<{
      id: string;
      userId: number;
      ended: string | null;
      continues: string | null;
    }>(
      `SELECT ticket_id AS id, user_id AS userId,
              SUM(COALESCE(close_reason, '') IN ('revoked', 'disconnected', 'expired')
                  OR COALESCE(close_requested, '') IN ('revoked', 'disconnected', 'expired')) AS ended,
              SUM(CASE WHEN disconnected_at IS NULL
                       THEN ${LAST_SIGN_OF_LIFE} > UTC_TIMESTAMP(3) - INTERVAL ? SECOND
                       ELSE disconnected_at > UTC_TIMESTAMP(3) - INTERVAL ? SECOND END) AS continues
         FROM stream_session s ${JOIN_LEASE}
        WHERE ticket_id IN (?)
        GROUP BY ticket_id, user_id`,
      [graceS, REOPEN_S, tickets.map(({ id }) => id)],
    );
    return new Map(
      rows.map((row) => [keyOf(row), { ended: Number(row.ended) > 0, continues: Number(row.continues) > 0 }]),
    );
  }, READS);

  return async (ticket) => {
    const use = (await uses.add([ticket])).get(keyOf(ticket));
    if (use?.ended) return false;
    return ticket.opens || use?.continues === true;
  };
}

function keyOf({ id, userId }: UsedTicket): string {
  return `${id}/${userId}`;
}

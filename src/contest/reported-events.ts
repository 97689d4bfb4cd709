import type { Queries } from '../db/database.ts';
import type { EventDraft } from '../events/draft.ts';
import { dataOf } from '../events/row-data.ts';
import { formatCursor } from '../protocol/cursor.ts';
import type { Published } from '../protocol/publishing.ts';

/** Reads the contests of which a status or an end waits in the outbox. */
export async function readPendingReports(database: Pick<Queries, 'query'>): Promise<ReadonlySet<number>> {
  const rows = await database.query<{ payload: string }>(
    `SELECT payload FROM event_outbox
      WHERE failed_at IS NULL AND type IN ('CONTEST_STATUS', 'CONTEST_END')`,
  );
  return new Set(rows.flatMap(({ payload }) => contestIn(payload) ?? []));
}

/**
 * Finds the event that announced what `draft` reports.
 * @returns undefined when the last event of its type was another, or is no longer retained
 */
export async function findLastAnnounced(
  database: Pick<Queries, 'query'>,
  draft: EventDraft,
  termAt: (id: number) => string,
): Promise<Published | undefined> {
  const [scope] = draft.rows.map((row) => row.scope);
  const [last] = await database.query<{ id: number; eventId: number; data: string }>(
    `SELECT id, event_id AS eventId, data FROM notification
      WHERE scope = ? AND type = ? ORDER BY id DESC LIMIT 1`,
    [scope, draft.type],
  );
  if (!scope || !last) return undefined;
  const reported = dataOf('CONTEST_STATUS', { type: draft.type, data: last.data });
  if (reported?.newStatus !== newStatusOf(draft)) return undefined;
  const id = Number(last.id);
  return {
    type: draft.type,
    eventId: Number(last.eventId),
    notifications: [{ id, scope }],
    duplicate: true,
    cursor: formatCursor(id, termAt(id)),
  };
}

function newStatusOf({ event }: EventDraft): unknown {
  return event.type === 'CONTEST_STATUS' ? event.data.newStatus : undefined;
}

/** SQL writers may have inserted any payload. */
function contestIn(payload: string): number | undefined {
  try {
    const { contestId } = JSON.parse(payload) as { contestId?: unknown };
    return typeof contestId === 'number' ? contestId : undefined;
  } catch {
    return undefined;
  }
}

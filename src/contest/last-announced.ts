import type { Queries } from '../db/database.ts';
import type { EventDraft } from '../events/draft.ts';
import { formatCursor } from '../protocol/cursor.ts';
import type { Published } from '../protocol/publishing.ts';

/**
 * The event by which the log told last what `draft` says of a contest.
 * @returns undefined when its last word was another, or is no longer kept
 */
export async function findLastTold(
  database: Pick<Queries, 'query'>,
  draft: EventDraft,
  epoch: () => string,
): Promise<Published | undefined> {
  const [scope] = draft.rows.map((row) => row.scope);
  const [last] = await database.query<{ id: number; eventId: number; data: string }>(
    `SELECT id, event_id AS eventId, data FROM notification
      WHERE scope = ? AND type = ? ORDER BY id DESC LIMIT 1`,
    [scope, draft.type],
  );
  if (!scope || !last || (JSON.parse(last.data) as { newStatus?: unknown }).newStatus !== statusOf(draft))
    return undefined;
  const id = Number(last.id);
  return {
    type: draft.type,
    eventId: Number(last.eventId),
    notifications: [{ id, scope }],
    duplicate: true,
    cursor: formatCursor(id, epoch()),
  };
}

function statusOf({ event }: EventDraft): unknown {
  return event.type === 'CONTEST_STATUS' ? event.data.newStatus : undefined;
}

import type { Queries } from '../db/database.ts';
import type { Draft } from '../log/row.ts';
import { formatCursor } from '../protocol/cursor.ts';
import type { Published } from '../protocol/publishing.ts';

/**
 * The event by which the log told last what `draft` says of a contest.
 * @returns undefined when its last word was another, or is no longer kept
 */
export async function findLastTold(
  database: Pick<Queries, 'query'>,
  draft: Draft,
  epoch: () => string,
): Promise<Published | undefined> {
  const [scope] = draft.rows.map((row) => row.scope);
  const [last] = await database.query<{ id: number; eventId: number; data: string }>(
    `SELECT id, event_id AS eventId, data FROM notification
      WHERE scope = ? AND type = ? ORDER BY id DESC LIMIT 1`,
    [scope, draft.type],
  );
  if (!scope || !last || statusIn(last.data) !== statusIn(draft.data)) return undefined;
  const id = Number(last.id);
  return {
    type: draft.type,
    eventId: Number(last.eventId),
    notifications: [{ id, scope }],
    duplicate: true,
    cursor: formatCursor(id, epoch()),
  };
}

function statusIn(data: string): unknown {
  return (JSON.parse(data) as { newStatus?: unknown }).newStatus;
}

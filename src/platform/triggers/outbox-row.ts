import type { EventInput, PublicEventType } from '../../protocol/event.ts';

/** SQL for each member of an event's data that a trigger can tell. What is NULL is left out. */
type Members<T extends PublicEventType> = { readonly [K in keyof EventInput<T>]?: string };

/**
 * The statement that publishes an event by way of the outbox.
 *
 * @param happening the parts of its key, as `naturalKeyOf` puts them together; all but the first are SQL.
 */
export function tell<T extends PublicEventType>(
  type: T,
  members: Members<T>,
  happening: readonly [string, ...string[]],
): string {
  const [what, ...whom] = happening;
  const key = `CONCAT(${[`'${what}'`, ...whom].join(", ':', ")})`;
  return insert(type, object(members as Record<string, string>), key);
}

/** The statement that tells that a contest's standings may have changed: one player's row, or any. */
export function touchStandings(contestId: string, playerId?: string): string {
  return insert('STANDINGS_TOUCHED', object({ contestId, ...(playerId ? { playerId } : {}) }), 'NULL');
}

/** A JSON object, without those of its members that are NULL: a merge patch takes them out. */
export function object(members: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(members).map(([name, sql]) => `'${name}', ${sql}`);
  return `JSON_MERGE_PATCH('{}', JSON_OBJECT(${pairs.join(', ')}))`;
}

/** All values are at hand: with a SELECT in it, the INSERT would lock what it reads. */
function insert(type: string, payload: string, key: string): string {
  return `INSERT INTO event_outbox (type, payload, idempotency_key, created_at)
VALUES ('${type}', ${payload}, ${key}, UTC_TIMESTAMP(3));`;
}

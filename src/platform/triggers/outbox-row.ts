import type { EventInput, PublicEventType } from '../../protocol/event.ts';

/** SQL of each member of an event's data that a trigger can supply. NULL members are left out. */
type Members<T extends PublicEventType> = { readonly [K in keyof EventInput<T>]?: string };

/**
 * Statement that publishes an event through the outbox.
 *
 * @param naturalKey parts of its key, joined as `naturalKeyOf` does; all but the first are SQL. Left out: it has none.
 * @param frozen SQL: whether its contest is frozen, as this transaction sees it.
 */
export function publishEvent<T extends PublicEventType>(
  type: T,
  members: Members<T>,
  naturalKey?: readonly [string, ...string[]],
  frozen = 'NULL',
): string {
  const [prefix, ...parts] = naturalKey ?? [];
  const key = prefix === undefined ? 'NULL' : `CONCAT(${[`'${prefix}'`, ...parts].join(", ':', ")})`;
  return insert(type, object(members as Record<string, string>), key, frozen);
}

/** Statement that marks a contest's leaderboard dirty: one player's score, or any player's. */
export function markDirty(contestId: string, playerId?: string): string {
  return insert('STANDINGS_TOUCHED', object({ contestId, ...(playerId ? { playerId } : {}) }), 'NULL');
}

/** Statement that has the streams of a user, or those that listen to a contest, rechecked. */
export function reportAccess(subject: { readonly userId: string } | { readonly contestId: string }): string {
  return insert('ACCESS_TOUCHED', object({ ...subject }), 'NULL');
}

/** JSON object without its NULL members, which a merge patch removes. */
export function object(members: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(members).map(([name, sql]) => `'${name}', ${sql}`);
  return `JSON_MERGE_PATCH('{}', JSON_OBJECT(${pairs.join(', ')}))`;
}

/** Values come from variables: with a SELECT, the INSERT would lock the rows it reads. */
function insert(type: string, payload: string, key: string, frozen = 'NULL'): string {
  return `INSERT INTO event_outbox (type, payload, idempotency_key, created_at, frozen)
VALUES ('${type}', ${payload}, ${key}, UTC_TIMESTAMP(3), ${frozen});`;
}

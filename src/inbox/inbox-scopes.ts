import type { Queries } from '../db/database.ts';
import { type Scope, scopes } from '../protocol/scope.ts';

/** What a player's inbox is made of: their own scope, the contests they joined, and everybody's. */
export async function inboxScopes(database: Pick<Queries, 'query'>, playerId: number): Promise<Scope[]> {
  const joined = await database.query<{ id: number }>(
    'SELECT contest_id AS id FROM contest_participant WHERE player_id = ?',
    [playerId],
  );
  return [scopes.player(playerId), scopes.global, ...joined.map(({ id }) => scopes.contest(id))];
}

import type { Queries } from '../db/database.ts';
import type { Secrecy } from '../protocol/definition.ts';

/** Which of these contests are not for everybody's eyes at this moment, and why. Of the two the freeze tells less. */
export async function secrecyOf(
  database: Pick<Queries, 'query'>,
  contestIds: readonly number[],
): Promise<ReadonlyMap<number, Secrecy>> {
  const rows = await database.query<{ id: number; why: Secrecy }>(
    `SELECT id, IF(leaderboard_frozen, 'frozen', 'private') AS why
       FROM contest WHERE id IN (?) AND (leaderboard_frozen OR NOT is_public OR status = 'DRAFT')`,
    [contestIds],
  );
  return new Map(rows.map(({ id, why }) => [id, why]));
}

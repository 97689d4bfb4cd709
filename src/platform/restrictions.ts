import type { Queries } from '../db/database.ts';
import type { Restriction } from '../protocol/definition.ts';

/** Reads which of these contests are restricted now. A contest that is both frozen and private counts as frozen, which redacts more. */
export async function readRestrictions(
  database: Pick<Queries, 'query'>,
  contestIds: readonly number[],
): Promise<ReadonlyMap<number, Restriction>> {
  const rows = await database.query<{ id: number; why: Restriction }>(
    `SELECT id, IF(leaderboard_frozen, 'frozen', 'private') AS why
       FROM contest WHERE id IN (?) AND (leaderboard_frozen OR NOT is_public OR status = 'DRAFT')`,
    [contestIds],
  );
  return new Map(rows.map(({ id, why }) => [id, why]));
}

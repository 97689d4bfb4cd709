import type { Queries } from '../db/database.ts';

/** Which of these contests have frozen standings at this moment. */
export async function frozenContests(
  database: Pick<Queries, 'query'>,
  contestIds: readonly number[],
): Promise<ReadonlySet<number>> {
  const rows = await database.query<{ id: number }>(
    'SELECT id FROM contest WHERE id IN (?) AND leaderboard_frozen',
    [contestIds],
  );
  return new Set(rows.map(({ id }) => id));
}

import type { Queries } from '../db/database.ts';

/** The contests of which a status or an end waits in the outbox to be told. */
export async function readStatusesOnTheirWay(database: Pick<Queries, 'query'>): Promise<ReadonlySet<number>> {
  const rows = await database.query<{ payload: string }>(
    `SELECT payload FROM event_outbox
      WHERE failed_at IS NULL AND type IN ('CONTEST_STATUS', 'CONTEST_END')`,
  );
  return new Set(rows.flatMap(({ payload }) => contestIn(payload) ?? []));
}

function contestIn(payload: string): number | undefined {
  try {
    const { contestId } = JSON.parse(payload) as { contestId?: unknown };
    return typeof contestId === 'number' ? contestId : undefined;
  } catch {
    return undefined;
  }
}

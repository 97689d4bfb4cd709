import { format } from 'mysql2';
import type { Queries } from '../db/database.ts';
import { IS_FROZEN } from '../platform/freeze.ts';
import { Problem } from '../protocol/problem.ts';
import type { Scope } from '../protocol/scope.ts';
import type { EventDraft } from './draft.ts';
import type { LogPublisher } from './log-publisher.ts';
import { limitedTo, prepare } from './prepare.ts';

export interface DeferredOptions {
  readonly database: Pick<Queries, 'query'>;
  readonly publisher: Pick<LogPublisher, 'publishUnits'>;
}

/** Max events per append. */
const PAGE_ROWS = 200;

interface Row {
  readonly id: number;
  readonly type: string;
  readonly data: string;
  readonly scopes: string;
}

/**
 * Publishes what freezes deferred, in the order in which it happened, once their leaderboards are shown again. The rows are
 * deleted in the transaction that appends their events.
 *
 * @returns number of published events
 */
export async function publishDeferred({ database, publisher }: DeferredOptions): Promise<number> {
  let published = 0;
  for (;;) {
    const contestId = await findDue(database);
    if (contestId === undefined) return published;
    const rows = await database.query<Row>(
      `SELECT id, type, data, scopes FROM deferred_event WHERE contest_id = ? ORDER BY id LIMIT ${PAGE_ROWS}`,
      [contestId],
    );
    const ids = rows.map(({ id }) => id);
    if (ids.length === 0) return published;
    const deletion = {
      sql: format('DELETE FROM deferred_event WHERE id IN (?)', [ids]),
      expectedRows: ids.length,
    };
    const drafts = rows.flatMap(draftsOf);
    try {
      await publisher.publishUnits([{ drafts, preconditions: [deletion] }]);
    } catch (error) {
      if (error instanceof Problem && error.code === 'superseded') return published;
      throw error;
    }
    published += drafts.length;
  }
}

/** Finds a contest with deferred events whose freeze is over. Reads one entry of the index per contest, not per event. */
async function findDue(database: Pick<Queries, 'query'>): Promise<number | undefined> {
  for (let after = 0; ; ) {
    const [next] = await database.query<{ contestId: number | null; frozen: number | null }>(
      `SELECT w.contestId, ${IS_FROZEN} OR COALESCE(b.frozen, FALSE) AS frozen
         FROM (SELECT MIN(contest_id) AS contestId FROM deferred_event WHERE contest_id > ?) w
         LEFT JOIN contest c ON c.id = w.contestId LEFT JOIN standings_board b ON b.contest_id = w.contestId`,
      [after],
    );
    if (next?.contestId == null) return undefined;
    // Of a contest that was deleted nothing is frozen.
    if (Number(next.frozen) !== 1) return next.contestId;
    after = next.contestId;
  }
}

/** A row that a later release wrote, and this one does not understand, has no draft. */
function draftsOf({ type, data, scopes }: Row): EventDraft[] {
  try {
    const draft = limitedTo(
      prepare(type, JSON.parse(data), { internal: true }),
      new Set(JSON.parse(scopes) as Scope[]),
    );
    return draft ? [draft] : [];
  } catch (error) {
    if (error instanceof Problem) return [];
    throw error;
  }
}

import { format } from 'mysql2';
import type { Queries } from '../db/database.ts';
import { IS_FROZEN } from '../platform/freeze.ts';
import { Problem } from '../protocol/problem.ts';
import type { Scope } from '../protocol/scope.ts';
import type { EventDraft } from './draft.ts';
import type { LogPublisher } from './log-publisher.ts';
import { limitedTo, prepare } from './prepare.ts';

export interface WithheldOptions {
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
 * Publishes what freezes withheld, in the order in which it happened, once their leaderboards are shown again. The rows are
 * deleted in the transaction that appends their events.
 *
 * @returns number of published events
 */
export async function publishWithheld({ database, publisher }: WithheldOptions): Promise<number> {
  let published = 0;
  for (;;) {
    const rows = await database.query<Row>(
      `SELECT w.id, w.type, w.data, w.scopes FROM withheld_event w
         LEFT JOIN contest c ON c.id = w.contest_id LEFT JOIN standings_board b ON b.contest_id = w.contest_id
        WHERE c.id IS NULL OR NOT (${IS_FROZEN} OR COALESCE(b.frozen, FALSE)) ORDER BY w.id LIMIT ${PAGE_ROWS}`,
    );
    if (rows.length === 0) return published;
    const ids = rows.map(({ id }) => id);
    const deletion = {
      sql: format('DELETE FROM withheld_event WHERE id IN (?)', [ids]),
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

/** A row that a later release wrote, and this one does not understand, has no draft. */
function draftsOf({ type, data, scopes }: Row): EventDraft[] {
  try {
    const draft = limitedTo(prepare(type, JSON.parse(data)), new Set(JSON.parse(scopes) as Scope[]));
    return draft ? [draft] : [];
  } catch (error) {
    if (error instanceof Problem) return [];
    throw error;
  }
}

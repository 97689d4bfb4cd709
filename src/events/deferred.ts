import { format } from 'mysql2';
import type { Queries } from '../db/database.ts';
import { holdsPlayers, IS_FROZEN } from '../platform/freeze.ts';
import type { EventType } from '../protocol/event.ts';
import { Problem } from '../protocol/problem.ts';
import type { Scope } from '../protocol/scope.ts';
import type { EventDraft } from './draft.ts';
import type { LogPublisher } from './log-publisher.ts';
import { limitedTo, prepare } from './prepare.ts';

export interface DeferredOptions {
  readonly database: Pick<Queries, 'query'>;
  readonly publisher: Pick<LogPublisher, 'publishUnits'>;
  /** How long after its end a frozen contest holds the public XP of its participants, in days. */
  readonly holdDays?: number;
  /** Ids of events that exceed by themselves what the database takes at once: they stay where they are. Added to. */
  readonly tooLarge?: Set<number>;
  /** Receives why an event stays. */
  readonly onError?: (error: unknown) => void;
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
export async function publishDeferred(options: DeferredOptions): Promise<number> {
  const { database } = options;
  let published = 0;
  for (let after = 0; ; ) {
    const contestId = await findDue(database, after);
    if (contestId === undefined) return published;
    const rows = await database.query<Row>(
      `SELECT id, type, data, scopes FROM deferred_event WHERE contest_id = ? ORDER BY id LIMIT ${PAGE_ROWS}`,
      [contestId],
    );
    const page = await publishPage(options, rows);
    published += page ?? 0;
    if (!page) after = contestId;
  }
}

/** Types that are deferred while a contest holds the public XP, level and tier of their player. */
const OF_PLAYERS = ['LEVEL_UP', 'TIER_UPGRADE', 'ACHIEVEMENT'] as const satisfies readonly EventType[];

/**
 * Publishes the deferred events of players whom a contest no longer holds, though it is still frozen: its end is too long
 * ago. Reads all deferred events of such contests: not for frequent polls.
 *
 * @returns number of published events
 */
export async function publishReleased(options: DeferredOptions): Promise<number> {
  const { database, holdDays } = options;
  let published = 0;
  for (;;) {
    const rows = await database.query<Row>(
      `SELECT d.id, d.type, d.data, d.scopes
         FROM contest_freeze f JOIN contest c ON c.id = f.contest_id JOIN deferred_event d ON d.contest_id = f.contest_id
        WHERE f.frozen AND ${IS_FROZEN} AND NOT ${holdsPlayers(holdDays)} AND d.type IN (?)
        ORDER BY d.id LIMIT ${PAGE_ROWS}`,
      [OF_PLAYERS],
    );
    const page = await publishPage(options, rows);
    if (!page) return published;
    published += page;
  }
}

/**
 * Publishes these rows, in parts where the database takes less at once. Those that a later release stored, and this one does
 * not understand, stay: its nodes publish them.
 * @returns number of published events; undefined where another transaction has taken or locked some of the first part
 */
async function publishPage(options: DeferredOptions, rows: readonly Row[]): Promise<number | undefined> {
  const { publisher, tooLarge, onError } = options;
  const understood = rows.flatMap((row) => {
    const drafts = tooLarge?.has(row.id) ? undefined : draftsOf(row);
    return drafts === undefined ? [] : [{ row, drafts }];
  });
  const ids = understood.map(({ row }) => row.id);
  const [firstId] = ids;
  if (firstId === undefined) return 0;
  const page = format("deferred_event FORCE INDEX (PRIMARY) WHERE id IN (?) AND type <> ''", [ids]);
  const deletion = { sql: `DELETE deferred_event FROM ${page}`, expectedRows: ids.length, rows: page };
  const drafts = understood.flatMap((event) => event.drafts);
  try {
    await publisher.publishUnits([{ drafts, preconditions: [deletion] }]);
    return drafts.length;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (error.code === 'superseded') return undefined;
    if (error.code !== 'body-too-large') throw error;
    if (ids.length === 1) {
      tooLarge?.add(firstId);
      onError?.(tooLargeError(firstId, error));
      return 0;
    }
    const understoodRows = understood.map(({ row }) => row);
    const middle = ids.length >> 1;
    const first = await publishPage(options, understoodRows.slice(0, middle));
    // Those after locked ones wait with them, since they are published in their order.
    if (first === undefined) return undefined;
    return first + ((await publishPage(options, understoodRows.slice(middle))) ?? 0);
  }
}

/** Why an event stays in `deferred_event`. */
export function tooLargeError(id: number, { message }: Problem): Error {
  return new Error(
    `Event ${id} of deferred_event cannot be published: ${message}. Raise max_allowed_packet and restart the nodes.`,
  );
}

/** Finds the next contest with deferred events whose freeze is over. Reads one entry of the index per contest, not per event. */
async function findDue(database: Pick<Queries, 'query'>, afterContest: number): Promise<number | undefined> {
  for (let after = afterContest; ; ) {
    const [next] = await database.query<{ contestId: number | null; frozen: number | null }>(
      `SELECT w.contestId, ${IS_FROZEN} OR COALESCE(b.frozen, FALSE) AS frozen
         FROM (SELECT MIN(contest_id) AS contestId FROM deferred_event WHERE contest_id > ?) w
         LEFT JOIN contest c ON c.id = w.contestId LEFT JOIN standings_board b ON b.contest_id = w.contestId`,
      [after],
    );
    if (next?.contestId == null) return undefined;
    // Of a contest that was deleted nothing is frozen.
    if (Number(next.frozen) !== 1) return Number(next.contestId);
    after = Number(next.contestId);
  }
}

/** None where no scope is left; undefined where this release does not understand the row. */
function draftsOf({ type, data, scopes }: Row): EventDraft[] | undefined {
  try {
    const draft = limitedTo(
      prepare(type, JSON.parse(data), { internal: true }),
      new Set(JSON.parse(scopes) as Scope[]),
    );
    return draft ? [draft] : [];
  } catch (error) {
    if (error instanceof Problem) return undefined;
    throw error;
  }
}

import { format } from 'mysql2';
import type { Queries } from '../db/database.ts';
import type { Precondition } from '../log/append-statement.ts';
import type { LogRow } from '../log/row.ts';
import { holdsPlayers } from '../platform/freeze.ts';
import type { EventType } from '../protocol/event.ts';
import { Problem } from '../protocol/problem.ts';
import { parseScope } from '../protocol/scope.ts';
import type { EventDraft } from './draft.ts';
import type { LogPublisher } from './log-publisher.ts';
import { PACED, type PacedScopes } from './paced-rows.ts';
import { prepare, prepareFor } from './prepare.ts';
import { dataOf } from './row-data.ts';

export interface PacedEventsOptions {
  readonly database: Pick<Queries, 'query'>;
  readonly publisher: Pick<LogPublisher, 'publishUnits'>;
  /** How long after its end a frozen contest still has its positions padded, in days. */
  readonly holdDays?: number;
}

/** Rows that a padded append has in any case, and those that it has for each hidden judgement since the last one. */
const BASE_ROWS = 4;
const JUDGED_ROWS = 4;
/** Max size of an append, in rows and in characters of their data. */
const MAX_ROWS = 1_000;
const MAX_LENGTH = 4 * 1024 * 1024;
/** Number of runs from one append to the next while no frozen contest is live. */
const IDLE_RUNS = 10;
/** Max time between two runs, in ms, beyond any interval: after it this node no longer leads, and counts nothing. */
const LEADING_MS = 15 * 60_000;
/** Max wait of an event, in ms, before the appends are doubled until no contest is frozen. */
const PATIENCE_MS = 5_000;

interface WaitingRow {
  readonly id: number;
  readonly type: string;
  readonly data: string;
  readonly scopes: string;
  readonly waitedMs: number;
}

/**
 * Leader task that appends what follows from hidden verdicts, padded: how far an append moves the positions of the log depends
 * on time and on the number of hidden judgements, and not on their verdicts. So positions, which everybody
 * sees, do not distinguish a solve of a frozen contest from a rejected submission.
 */
export class PacedEvents {
  readonly #options: PacedEventsOptions;
  /** Hidden judgements since the last run, by contest. */
  readonly #judged = new Map<number, number>();
  #factor = 1;
  #idleRuns = 0;
  /** Begin of the last run (`performance.now()`). */
  #ranAt = Number.NEGATIVE_INFINITY;

  constructor(options: PacedEventsOptions) {
    this.#options = options;
  }

  /** Counts the judgements of contests, on the node that leads. */
  observe(rows: readonly LogRow[]): void {
    if (performance.now() - this.#ranAt > LEADING_MS) return;
    for (const row of rows) {
      const judged = dataOf('SUBMISSION_JUDGED', row) ?? dataOf('SUBMISSION_REJUDGED', row);
      if (judged?.contestId === undefined || parseScope(row.scope)?.kind !== 'hidden') continue;
      this.#judged.set(judged.contestId, (this.#judged.get(judged.contestId) ?? 0) + 1);
    }
  }

  /**
   * Appends once. While no contest is frozen, everything that waits.
   * @throws the database's errors: nothing is lost, run it again
   */
  async run(): Promise<void> {
    // What was counted before this node stopped to lead was appended by another.
    if (performance.now() - this.#ranAt > LEADING_MS) this.#judged.clear();
    this.#ranAt = performance.now();
    const frozen = await this.#frozenContests();
    const judged = [...frozen.keys()].reduce((sum, id) => sum + (this.#judged.get(id) ?? 0), 0);
    this.#judged.clear();
    const waiting = await readWaiting(this.#options.database);
    if (frozen.size === 0) {
      this.#factor = 1;
      if (waiting.length > 0) await this.#append(takeRows(waiting, MAX_ROWS), 0, 0);
      return;
    }
    const live = [...frozen.values()].some((isLive) => isLive);
    this.#idleRuns = live ? 0 : this.#idleRuns + 1;
    const base = live || this.#idleRuns % IDLE_RUNS === 0 ? BASE_ROWS : 0;
    if (base > 0 && Number(waiting[0]?.waitedMs ?? 0) > PATIENCE_MS)
      this.#factor = Math.min(this.#factor * 2, MAX_ROWS);
    const size = Math.min(MAX_ROWS, base * this.#factor + judged * JUDGED_ROWS);
    if (size === 0) return;
    await this.#append(takeRows(waiting, size), size, frozen.size);
  }

  /** Frozen contests whose positions are padded, and whether each is live. */
  async #frozenContests(): Promise<Map<number, boolean>> {
    const rows = await this.#options.database.query<{ id: number; live: number }>(
      `SELECT c.id, c.status = 'LIVE' AS live FROM contest_freeze f JOIN contest c ON c.id = f.contest_id
        WHERE f.frozen AND ${holdsPlayers(this.#options.holdDays)}`,
    );
    return new Map(rows.map(({ id, live }) => [id, Number(live) === 1]));
  }

  async #append(rows: readonly WaitingRow[], size: number, frozenContests: number): Promise<void> {
    const drafts = rows.flatMap(draftOf);
    const used = drafts.reduce((sum, draft) => sum + draft.rows.length, 0);
    const padding = Array.from({ length: Math.max(0, size - used) }, () =>
      prepare('PADDING', { frozenContests }, { internal: true }),
    );
    await publishStored(this.#options.publisher, rows, [...drafts, ...padding]);
  }
}

/** Appends what waits of one type and contest at once: for a contest that is no longer frozen. */
export async function flushPaced(
  { database, publisher }: Pick<PacedEventsOptions, 'database' | 'publisher'>,
  type: EventType,
  contestId: number,
): Promise<void> {
  for (;;) {
    const rows = await readWaiting(
      database,
      format("AND type = ? AND JSON_EXTRACT(data, '$.contestId') = ?", [type, contestId]),
    );
    if (rows.length === 0) return;
    // Where the leader's task has appended some of them meanwhile, the rest are read again.
    await publishStored(publisher, rows, rows.flatMap(draftOf));
  }
}

function readWaiting(database: Pick<Queries, 'query'>, condition = ''): Promise<WaitingRow[]> {
  return database.query<WaitingRow>(
    `SELECT id, type, data, scopes, TIMESTAMPDIFF(MICROSECOND, created_at, UTC_TIMESTAMP(3)) / 1000 AS waitedMs
       FROM deferred_event WHERE contest_id = ${PACED} ${condition} ORDER BY id LIMIT ${MAX_ROWS}`,
  );
}

/** The first rows that have room. An event whose link is not known yet waits until the events before it are in the log. */
function takeRows(waiting: readonly WaitingRow[], size: number): WaitingRow[] {
  const taken: WaitingRow[] = [];
  let room = size;
  let length = 0;
  for (const row of waiting) {
    room -= storedScopes(row).scopes.length;
    length += row.data.length;
    const isLinked = row.type !== 'SOLVE_RETRACTED' || JSON.parse(row.data).supersedes !== undefined;
    if (room < 0 || (taken.length > 0 && (length > MAX_LENGTH || !isLinked))) break;
    taken.push(row);
  }
  return taken;
}

/** Appends drafts and deletes the rows that they are made of; does nothing where another node has appended some of them. */
async function publishStored(
  publisher: PacedEventsOptions['publisher'],
  rows: readonly WaitingRow[],
  drafts: readonly EventDraft[],
): Promise<void> {
  const ids = rows.map(({ id }) => id);
  const deletion: Precondition[] =
    ids.length === 0
      ? []
      : [{ sql: format('DELETE FROM deferred_event WHERE id IN (?)', [ids]), expectedRows: ids.length }];
  try {
    await publisher.publishUnits([{ drafts, preconditions: deletion }]);
  } catch (error) {
    if (!(error instanceof Problem && error.code === 'superseded')) throw error;
  }
}

const storedScopes = ({ scopes }: WaitingRow): PacedScopes => JSON.parse(scopes);

/** A row that a later release wrote, and this one does not understand, has no draft. */
function draftOf(row: WaitingRow): EventDraft[] {
  try {
    return [prepareFor(row.type, JSON.parse(row.data), storedScopes(row))];
  } catch (error) {
    if (error instanceof Problem) return [];
    throw error;
  }
}

import { format } from 'mysql2';
import type { Queries } from '../db/database.ts';
import type { LogRow } from '../log/row.ts';
import { holdsPlayers } from '../platform/freeze.ts';
import { Problem } from '../protocol/problem.ts';
import { parseScope } from '../protocol/scope.ts';
import { tooLargeError } from './deferred.ts';
import type { EventDraft } from './draft.ts';
import type { LogPublisher } from './log-publisher.ts';
import {
  listWaiting,
  loadWaiting,
  type PacedEvent,
  takeEvents,
  type WaitingPacedEvent,
  withoutLocked,
} from './paced-rows.ts';
import { PaddingGrowth } from './padding-growth.ts';
import { prepare } from './prepare.ts';
import { dataOf } from './row-data.ts';

export interface PacedEventsOptions {
  readonly database: Pick<Queries, 'query'>;
  readonly publisher: Pick<LogPublisher, 'publishUnits'>;
  /** How long after its end a frozen contest still has its positions padded, in days. */
  readonly holdDays?: number;
  /** Receives why an event stays where it is, once for each. */
  readonly onError?: (error: unknown) => void;
}

/** Rows that a padded append has in any case, and those that it has for each hidden judgement since the last one. */
const BASE_ROWS = 4;
const JUDGED_ROWS = 4;
/** Max rows of an append. */
const MAX_ROWS = 1_000;
/** Number of runs from one append to the next while no frozen contest is live. */
const IDLE_RUNS = 10;
/** Max time between two runs, in ms, beyond any interval: after it this node no longer leads, and counts nothing. */
const LEADING_MS = 15 * 60_000;
/** Max wait of an event, in ms, before the appends are doubled. */
const PATIENCE_MS = 5_000;

/**
 * Leader task that appends what follows from hidden verdicts, padded: how far an append moves the positions of the log depends
 * on time and on the number of hidden judgements, and not on their verdicts. So positions, which everybody
 * sees, do not distinguish a solve of a frozen contest from a rejected submission.
 */
export class PacedEvents {
  readonly #options: PacedEventsOptions;
  /** Hidden judgements since the last run, by contest. */
  readonly #judged = new Map<number, number>();
  readonly #growth = new PaddingGrowth();
  #idleRuns = 0;
  /** Whether the last run met events that another transaction had locked: larger appends do not help these. */
  #metLock = false;
  /**
   * Ids of events that stay where they are: a later release stored them, and its nodes append them; or one by itself exceeds
   * what the database takes at once.
   */
  readonly #leftOut = new Set<number>();
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
    const waiting = this.#appendable(await listWaiting(this.#options.database));
    if (frozen.size === 0) {
      this.#growth.reset();
      if (waiting.length > 0) await this.#append(waiting, MAX_ROWS, 0);
      return;
    }
    const live = [...frozen.values()].some((isLive) => isLive);
    this.#idleRuns = live ? 0 : this.#idleRuns + 1;
    const base = live || this.#idleRuns % IDLE_RUNS === 0 ? BASE_ROWS : 0;
    const sizeNow = () => Math.min(MAX_ROWS, base * this.#growth.factor + judged * JUDGED_ROWS);
    const needed = waiting.reduce((sum, { scopes }) => sum + scopes.length, 0);
    const isLate = Number(waiting[0]?.waitedMs ?? 0) > PATIENCE_MS && !this.#metLock;
    if (base > 0) this.#growth.next(isLate && needed > sizeNow());
    if (sizeNow() > 0) await this.#append(waiting, sizeNow(), frozen.size);
  }

  /** Frozen contests whose positions are padded, and whether each is live. */
  async #frozenContests(): Promise<Map<number, boolean>> {
    const rows = await this.#options.database.query<{ id: number; live: number }>(
      `SELECT c.id, c.status = 'LIVE' AS live FROM contest_freeze f JOIN contest c ON c.id = f.contest_id
        WHERE f.frozen AND ${holdsPlayers(this.#options.holdDays)}`,
    );
    return new Map(rows.map(({ id, live }) => [id, Number(live) === 1]));
  }

  /** Appends the first events that have room; those that others have locked, and what follows in their scopes, are passed over. */
  async #append(waiting: readonly WaitingPacedEvent[], size: number, frozenContests: number): Promise<void> {
    this.#metLock = false;
    if (await this.#tryAppend(waiting, size, frozenContests)) return;
    this.#metLock = true;
    const free = this.#appendable(await withoutLocked(this.#options.database));
    if (await this.#tryAppend(free, size, frozenContests)) return;
    await this.#tryAppend([], size, frozenContests);
  }

  /** @returns false where another transaction has taken or locked some of the events */
  async #tryAppend(
    waiting: readonly WaitingPacedEvent[],
    size: number,
    frozenContests: number,
  ): Promise<boolean> {
    const { database } = this.#options;
    const { events, unreadable } = await loadWaiting(database, takeEvents(waiting, size));
    for (const id of unreadable) this.#leftOut.add(id);
    const used = events.reduce((sum, { draft }) => sum + draft.rows.length, 0);
    const padding = Array.from({ length: frozenContests === 0 ? 0 : Math.max(0, size - used) }, () =>
      prepare('PADDING', { frozenContests }, { internal: true }),
    );
    return publishStored(this.#options, events, padding, this.#leftOut);
  }

  #appendable(waiting: readonly WaitingPacedEvent[]): WaitingPacedEvent[] {
    return waiting.filter(({ id }) => !this.#leftOut.has(id));
  }
}

/** Appends what waits of a contest at once: for a contest that is no longer frozen. */
export async function flushPaced(
  options: Pick<PacedEventsOptions, 'database' | 'publisher' | 'onError'>,
  contestId: number,
): Promise<void> {
  const { database } = options;
  const leftOut = new Set<number>();
  const about = format("AND JSON_EXTRACT(data, '$.contestId') = ?", [contestId]);
  let failed: number | undefined;
  for (;;) {
    const waiting = (await listWaiting(database, about)).filter(({ id }) => !leftOut.has(id));
    const { events } = await loadWaiting(database, takeEvents(waiting, MAX_ROWS));
    const [first] = events;
    if (first === undefined) return;
    if (await publishStored(options, events, [], leftOut)) continue;
    // Where the leader's task has appended some of them meanwhile, the rest are read again.
    if (first.id === failed) throw new Problem('superseded', { detail: 'deferred events are locked' });
    failed = first.id;
  }
}

/**
 * Appends events, deletes the rows that they are stored in, and pads; in parts where the database takes less at once. An
 * event that exceeds this by itself is added to `leftOut`.
 * @returns false where another transaction has taken or locked some of them: what is left of them waits
 */
async function publishStored(
  options: Pick<PacedEventsOptions, 'publisher' | 'onError'>,
  events: readonly PacedEvent[],
  padding: readonly EventDraft[],
  leftOut: Set<number>,
): Promise<boolean> {
  const { publisher, onError } = options;
  if (events.length + padding.length === 0) return true;
  const ids = events.map(({ id }) => id);
  const page = format("deferred_event FORCE INDEX (PRIMARY) WHERE id IN (?) AND type <> ''", [ids]);
  const deletion = { sql: `DELETE deferred_event FROM ${page}`, expectedRows: ids.length, rows: page };
  const drafts = [...events.map(({ draft }) => draft), ...padding];
  try {
    await publisher.publishUnits([{ drafts, preconditions: ids.length === 0 ? [] : [deletion] }]);
    return true;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (error.code === 'superseded') return false;
    if (error.code !== 'body-too-large') throw error;
    if (drafts.length === 1 && ids[0] !== undefined) {
      leftOut.add(ids[0]);
      onError?.(tooLargeError(ids[0], error));
      return true;
    }
    if (drafts.length === 1) throw error;
    const middle = drafts.length >> 1;
    const eventsFirst = Math.min(middle, events.length);
    const paddingFirst = middle - eventsFirst;
    return (
      (await publishStored(options, events.slice(0, eventsFirst), padding.slice(0, paddingFirst), leftOut)) &&
      (await publishStored(options, events.slice(eventsFirst), padding.slice(paddingFirst), leftOut))
    );
  }
}

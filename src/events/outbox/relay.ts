import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../../db/database.ts';
import { asProblem, errnoOf, isLocked } from '../../db/errors.ts';
import type { Precondition } from '../../log/append-statement.ts';
import type { EventData, EventType } from '../../protocol/event.ts';
import { Problem } from '../../protocol/problem.ts';
import { WakeableSleep } from '../../util/wakeable-sleep.ts';
import { knownKeys } from '../log-keys.ts';
import type { LogPublisher } from '../log-publisher.ts';
import { batchLength, type Notice, type OutboxEntry, planBatch } from './batch.ts';
import { type DirtyContestNotice, examine, type WaitingEvent } from './examine.ts';
import { faultReason, isContentFault, wasOvertaken } from './fault.ts';
import { LockedScopes } from './locked-scopes.ts';
import { RelayPace } from './pace.ts';
import { type EchoReceipts, ReceiptEchoes } from './receipt-echoes.ts';
import {
  deleteOutboxRows,
  deletionOf,
  markDeadLetters,
  PAGE_ROWS,
  type RejectedRow,
  readWaiting,
} from './table.ts';

/**
 * Publishers of single types. A handler commits `deletion` (of the outbox row) together with the event and returns `true`;
 * or returns `false` where nothing is left to publish, and the relay deletes the row. Where it fails since another transaction
 * has locked what it changes (`isLocked`), the events of that scope wait, and after a second no others with them.
 */
export type OutboxHandlers = {
  readonly [T in EventType]?: (data: EventData<T>, deletion: Precondition) => Promise<boolean>;
};

export interface RelayOptions {
  readonly database: Pick<Database, 'query' | 'transaction'>;
  readonly publisher: Pick<LogPublisher, 'publishUnits'>;
  readonly handlers?: OutboxHandlers;
  /** Receives each contest whose scores changed, at least once, after the change was committed. */
  readonly onDirtyContest?: (contestId: number, playerId: number | undefined) => void;
  /** Receives the receipts that were written from SQL. */
  readonly onReceipts?: EchoReceipts;
  /** Receives errors after which the relay continues. */
  readonly onError: (error: unknown) => void;
}

/**
 * How long a locked row delays those after it, in ms: a relay that was killed or frozen holds its rows for less than that,
 * and their order is kept.
 */
const PATIENCE_MS = 4_000;
/** Pause after a page of which others have taken or locked rows, in ms: a vain attempt locks the head of the log for a moment. */
const LOCKED_PAUSE_MS = 50;
/** How long pages leave out what others have locked, in ms, until one is tried as a whole again. */
const SKIPPING_MS = 1_000;

/**
 * Relay from `event_outbox` to the log, in the order of row ids. Rows are deleted in the transaction that appends their
 * events, which rolls back unless it deletes every one of them: each is published exactly once, wherever the relay is
 * killed, and while two relays run. A row that another transaction has locked is published when it is free, and delays no other.
 */
export class Relay {
  readonly #options: RelayOptions;
  readonly #handlers: OutboxHandlers;
  readonly #echoes: ReceiptEchoes;
  readonly #pause = new WakeableSleep();
  readonly #lockedScopes = new LockedScopes();
  /** Since when rows are locked; undefined where none was met (`performance.now()`). */
  #lockedSince: number | undefined;
  /** Until when pages leave out what others have locked. */
  #skippingUntil = Number.NEGATIVE_INFINITY;

  constructor(options: RelayOptions) {
    this.#options = options;
    this.#handlers = options.handlers ?? {};
    this.#echoes = new ReceiptEchoes(options.onReceipts ?? (async () => {}), options.onError);
  }

  /** Polls the outbox now: this process has written rows to it. */
  hint(): void {
    this.#pause.wake();
  }

  /**
   * Relays until the signal aborts.
   * @throws when the database is unavailable: nothing is lost, run it again
   */
  async run(signal: AbortSignal): Promise<void> {
    const pace = new RelayPace();
    try {
      while (!signal.aborted) {
        const began = performance.now();
        const found = await this.#relayPage(signal);
        const pauseMs = pace.next(found !== 0, performance.now() - began);
        if (found === 'locked') await sleep(LOCKED_PAUSE_MS * (0.5 + Math.random()));
        else if (found < PAGE_ROWS) await this.#pause.rest(pauseMs, signal);
      }
    } finally {
      await this.#echoes.drained();
    }
  }

  /** Relays the first page of waiting rows. Returns their number, or that others have taken or locked some of them. */
  async #relayPage(signal: AbortSignal): Promise<number | 'locked'> {
    const skipLocked = performance.now() < this.#skippingUntil;
    const examined = (await readWaiting(this.#options.database, { skipLocked })).map(examine);
    if (!(await this.#reject(examined.filter((row) => row.kind === 'invalid')))) return this.#metLock();
    let remaining: readonly OutboxEntry[] = examined.filter((row) => row.kind !== 'invalid');
    let passedOver = false;
    while (remaining.length > 0 && !signal.aborted) {
      await this.#echoes.room();
      const count = batchLength(remaining, (type) => this.#handlers[type] !== undefined);
      const done =
        count === 0
          ? await this.#handle(remaining[0] as WaitingEvent)
          : await this.#append(remaining.slice(0, count));
      // Another relay is running, or another transaction has locked a row: the page is read again.
      if (!done) return this.#metLock();
      if (done === 'passed over') passedOver = true;
      remaining = remaining.slice(Math.max(1, count));
    }
    if (!skipLocked) this.#lockedSince = undefined;
    return passedOver ? 'locked' : examined.length;
  }

  /** Appends the new events of these rows and deletes all of the rows. Returns `false` when overtaken by another relay. */
  async #append(entries: readonly OutboxEntry[]): Promise<boolean> {
    const { database, publisher } = this.#options;
    const keys = entries.flatMap((entry) => (entry.kind === 'event' && entry.key ? [entry.key] : []));
    const { ids, units, rejected, notices } = planBatch(entries, await knownKeys(database, keys));
    if (!(await this.#reject(rejected))) return false;
    if (ids.length === 0) return true;
    try {
      // The deletion belongs to a unit without events: a unit with keys could be a repeat, and would not run it.
      if (units.length > 0)
        await publisher.publishUnits([{ drafts: [], preconditions: [deletionOf(ids)] }, ...units], {
          conflates: true,
        });
      else if (!(await deleteOutboxRows(database, ids))) return false;
    } catch (error) {
      if (wasOvertaken(error)) return false;
      if (isContentFault(error)) return this.#isolate(entries, error);
      // The COMMIT may have happened although its answer was lost.
      this.#notify(notices);
      throw error;
    }
    this.#notify(notices);
    return true;
  }

  /** Bisects the entries until the row that cannot be stored is alone, and makes it a dead letter. */
  async #isolate(entries: readonly OutboxEntry[], error: unknown): Promise<boolean> {
    const [only] = entries as [OutboxEntry];
    if (entries.length === 1) {
      return this.#reject([{ id: only.id, reason: faultReason(error) }]);
    }
    const middle = entries.length >> 1;
    return (await this.#append(entries.slice(0, middle))) && (await this.#append(entries.slice(middle)));
  }

  /** Publishes an event by its type's handler. Returns `false` when overtaken by another relay, or locked for a moment. */
  async #handle({ id, draft }: WaitingEvent): Promise<boolean | 'passed over'> {
    const { database, onError } = this.#options;
    const scope = draft.rows[0]?.scope ?? '';
    if (this.#lockedScopes.isPassedOver(scope, performance.now())) return 'passed over';
    const handler = this.#handlers[draft.type] as (data: unknown, deletion: Precondition) => Promise<boolean>;
    try {
      const published = await handler(draft.event.data, deletionOf([id]));
      this.#lockedScopes.free(scope);
      return published || (await deleteOutboxRows(database, [id]));
    } catch (error) {
      if (isLocked(error)) return this.#lockedScopes.met(scope, performance.now()) && 'passed over';
      if (wasOvertaken(error)) return false;
      // A fault of the handler itself would recur with this row.
      const failed = !(asProblem(error) instanceof Problem) && errnoOf(error) === undefined;
      if (failed) onError(error);
      else if (!isContentFault(error)) throw error;
      return await this.#reject([{ id, reason: faultReason(error) }]);
    }
  }

  /** Makes dead letters of these rows. Returns `false` where another transaction has locked one of them. */
  async #reject(rows: readonly RejectedRow[]): Promise<boolean> {
    return rows.length === 0 || (await markDeadLetters(this.#options.database, rows));
  }

  /** Notes that others have taken or locked rows of a page. */
  #metLock(): 'locked' {
    const now = performance.now();
    this.#lockedSince ??= now;
    if (now - this.#lockedSince > PATIENCE_MS) this.#skippingUntil = now + SKIPPING_MS;
    return 'locked';
  }

  #notify(notices: readonly Notice[]): void {
    const { onDirtyContest, onError } = this.#options;
    const dirty = new Map<string, DirtyContestNotice>();
    for (const notice of notices) {
      if (notice.kind === 'receipt') this.#echoes.add(notice);
      else if (notice.kind === 'dirty-contest') dirty.set(`${notice.contestId}:${notice.playerId}`, notice);
    }
    for (const { contestId, playerId } of dirty.values())
      try {
        onDirtyContest?.(contestId, playerId);
      } catch (error) {
        onError(error);
      }
  }
}

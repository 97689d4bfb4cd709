import type { Queries } from '../../db/database.ts';
import { asProblem, errnoOf } from '../../db/errors.ts';
import type { Precondition } from '../../log/append-statement.ts';
import type { EventData, EventType } from '../../protocol/event.ts';
import { Problem } from '../../protocol/problem.ts';
import { WakeableSleep } from '../../util/wakeable-sleep.ts';
import { knownKeys } from '../known-keys.ts';
import type { LogPublisher } from '../log-publisher.ts';
import { batchLength, type Notice, type OutboxEntry, planBatch } from './batch.ts';
import { type DirtyContestNotice, examine, type WaitingEvent } from './examine.ts';
import { faultReason, isContentFault, wasOvertaken } from './fault.ts';
import { RelayPace } from './pace.ts';
import { type EchoReceipts, ReceiptEchoes } from './receipt-echoes.ts';
import { deletionOf, markDeadLetters, PAGE_ROWS, readWaiting } from './table.ts';

/**
 * Publishers of single types. A handler commits `deletion` (of the outbox row) together with the event and returns `true`;
 * or returns `false` where nothing is left to publish, and the relay deletes the row.
 */
export type OutboxHandlers = {
  readonly [T in EventType]?: (data: EventData<T>, deletion: Precondition) => Promise<boolean>;
};

export interface RelayOptions {
  readonly database: Pick<Queries, 'query' | 'execute'>;
  /** Should have its own connection: the relay waits for outbox rows that others have locked. */
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
 * Relay from `event_outbox` to the log, in the order of row ids. Rows are deleted in the transaction that appends their
 * events, which rolls back unless it deletes every one of them: each is published exactly once, wherever the relay is
 * killed, and while two relays run.
 */
export class Relay {
  readonly #options: RelayOptions;
  readonly #handlers: OutboxHandlers;
  readonly #echoes: ReceiptEchoes;
  readonly #pause = new WakeableSleep();

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
        const pauseMs = pace.next(found > 0, performance.now() - began);
        if (found < PAGE_ROWS) await this.#pause.sleep(pauseMs, signal);
      }
    } finally {
      await this.#echoes.drained();
    }
  }

  /** Relays the first page of waiting rows. Returns their number. */
  async #relayPage(signal: AbortSignal): Promise<number> {
    const { database } = this.#options;
    const examined = (await readWaiting(database)).map(examine);
    await markDeadLetters(
      database,
      examined.filter((row) => row.kind === 'invalid'),
    );
    let remaining: readonly OutboxEntry[] = examined.filter((row) => row.kind !== 'invalid');
    while (remaining.length > 0 && !signal.aborted) {
      await this.#echoes.room();
      const count = batchLength(remaining, (type) => this.#handlers[type] !== undefined);
      const done =
        count === 0
          ? await this.#handle(remaining[0] as WaitingEvent)
          : await this.#append(remaining.slice(0, count));
      // Another relay is running: the page is stale.
      if (!done) return 0;
      remaining = remaining.slice(Math.max(1, count));
    }
    return examined.length;
  }

  /** Appends the new events of these rows and deletes all of the rows. Returns `false` when overtaken by another relay. */
  async #append(entries: readonly OutboxEntry[]): Promise<boolean> {
    const { database, publisher } = this.#options;
    const keys = entries.flatMap((entry) => (entry.kind === 'event' && entry.key ? [entry.key] : []));
    const { ids, units, rejected, notices } = planBatch(entries, await knownKeys(database, keys));
    await markDeadLetters(database, rejected);
    if (ids.length === 0) return true;
    try {
      // The deletion belongs to a unit without events: a unit with keys could be a repeat, and would not run it.
      if (units.length > 0)
        await publisher.publishUnits([{ drafts: [], preconditions: [deletionOf(ids)] }, ...units]);
      else await this.#delete(ids);
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
      await markDeadLetters(this.#options.database, [{ id: only.id, reason: faultReason(error) }]);
      return true;
    }
    const middle = entries.length >> 1;
    return (await this.#append(entries.slice(0, middle))) && (await this.#append(entries.slice(middle)));
  }

  /** Publishes an event by its type's handler. Returns `false` when overtaken by another relay. */
  async #handle({ id, draft }: WaitingEvent): Promise<boolean> {
    const { database, onError } = this.#options;
    const handler = this.#handlers[draft.type] as (data: unknown, deletion: Precondition) => Promise<boolean>;
    try {
      if (!(await handler(draft.event.data, deletionOf([id])))) await this.#delete([id]);
      return true;
    } catch (error) {
      if (wasOvertaken(error)) return false;
      // A fault of the handler itself would recur with this row.
      const failed = !(asProblem(error) instanceof Problem) && errnoOf(error) === undefined;
      if (failed) onError(error);
      else if (!isContentFault(error)) throw error;
      await markDeadLetters(database, [{ id, reason: faultReason(error) }]);
      return true;
    }
  }

  async #delete(ids: readonly number[]): Promise<void> {
    await this.#options.database.execute(deletionOf(ids).sql);
  }

  #notify(notices: readonly Notice[]): void {
    const { onDirtyContest, onError } = this.#options;
    const dirty = new Map<string, DirtyContestNotice>();
    for (const notice of notices) {
      if (notice.kind === 'receipt') this.#echoes.add(notice);
      else dirty.set(`${notice.contestId}:${notice.playerId}`, notice);
    }
    for (const { contestId, playerId } of dirty.values())
      try {
        onDirtyContest?.(contestId, playerId);
      } catch (error) {
        onError(error);
      }
  }
}

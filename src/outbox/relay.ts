import type { Queries } from '../db/database.ts';
import { asProblem, errnoOf } from '../db/errors.ts';
import type { Guard } from '../log/append-statement.ts';
import { knownKeys } from '../log/known-keys.ts';
import type { Publisher } from '../log/publisher.ts';
import type { EventData, EventType } from '../protocol/event.ts';
import { Problem } from '../protocol/problem.ts';
import { arrange, batchLength, type Entry } from './batch.ts';
import { Echoes, type TellReceipts } from './echoes.ts';
import { type Acknowledged, examine, type Touched, type WaitingEvent } from './examine.ts';
import { faultReason, isRowsFault, wasOvertaken } from './fault.ts';
import { Pace } from './pace.ts';
import { PAGE_ROWS, readWaiting, setAside, taking } from './table.ts';

/**
 * Types that are published in a way of their own. A handler commits `taking` together with what it publishes, and says
 * `true`; or `false`, when there is nothing to publish any more, and the row is let go.
 */
export type Handlers = {
  readonly [T in EventType]?: (data: EventData<T>, taking: Guard) => Promise<boolean>;
};

export interface RelayOptions {
  readonly database: Pick<Queries, 'query' | 'execute'>;
  /** Better one with a connection of its own: rows may be locked by others, and the relay then waits. */
  readonly publisher: Pick<Publisher, 'publishUnits'>;
  readonly handlers?: Handlers;
  /** What standings are made of has changed. Told at least once, after it was committed. */
  readonly onTouched?: (contestId: number, playerId: number | undefined) => void;
  /** Receipts were written from SQL. */
  readonly onReceipts?: TellReceipts;
  /** Errors that do not keep the relay from going on. */
  readonly onError: (error: unknown) => void;
}

/**
 * Moves rows of `event_outbox` into the log, in the order of their ids. The rows leave the outbox in the transaction that
 * appends their events, which undoes itself unless it takes every one of them. So each is published once, wherever the
 * relay is killed, and also while two relays are at work.
 */
export class Relay {
  readonly #options: RelayOptions;
  readonly #handlers: Handlers;
  readonly #echoes: Echoes;
  #hinted = false;
  #wake: (() => void) | undefined;

  constructor(options: RelayOptions) {
    this.#options = options;
    this.#handlers = options.handlers ?? {};
    this.#echoes = new Echoes(options.onReceipts ?? (async () => {}), options.onError);
  }

  /** Something in this process has put rows into the outbox: the next look is now. */
  hint(): void {
    this.#hinted = true;
    this.#wake?.();
  }

  /**
   * Relays until the signal ends.
   * @throws when the database cannot be reached or refuses its service: nothing is lost, run it again
   */
  async run(signal: AbortSignal): Promise<void> {
    const pace = new Pace();
    try {
      while (!signal.aborted) {
        const began = performance.now();
        const found = await this.#round(signal);
        const restMs = pace.next(found > 0, performance.now() - began);
        if (found < PAGE_ROWS) await this.#rest(restMs, signal);
      }
    } finally {
      await this.#echoes.drained();
    }
  }

  /** Deals with the rows that wait now, or the first page of them. Says how many there were. */
  async #round(signal: AbortSignal): Promise<number> {
    const { database } = this.#options;
    const examined = (await readWaiting(database)).map(examine);
    await setAside(
      database,
      examined.filter((row) => row.kind === 'invalid'),
    );
    let left: readonly Entry[] = examined.filter((row) => row.kind !== 'invalid');
    while (left.length > 0 && !signal.aborted) {
      await this.#echoes.room();
      const count = batchLength(left, (type) => this.#handlers[type] !== undefined);
      const done =
        count === 0
          ? await this.#handOver(left[0] as WaitingEvent)
          : await this.#append(left.slice(0, count));
      // Another relay is at work: what was read is no longer how things are.
      if (!done) return 0;
      left = left.slice(Math.max(1, count));
    }
    return examined.length;
  }

  /** Appends what is new of these rows; all of them leave the outbox with that. Says `false` when it was overtaken. */
  async #append(entries: readonly Entry[]): Promise<boolean> {
    const { database, publisher } = this.#options;
    const keys = entries.flatMap((entry) => (entry.kind === 'event' && entry.key ? [entry.key] : []));
    const { ids, units, refused, notices } = arrange(entries, await knownKeys(database, keys));
    await setAside(database, refused);
    if (ids.length === 0) return true;
    try {
      // The rows belong to a unit without events, which is never taken for a repeat.
      if (units.length > 0) await publisher.publishUnits([{ drafts: [], with: [taking(ids)] }, ...units]);
      else await this.#letGo(ids);
    } catch (error) {
      if (wasOvertaken(error)) return false;
      if (isRowsFault(error)) return this.#isolate(entries, error);
      // It may have been committed all the same.
      this.#tell(notices);
      throw error;
    }
    this.#tell(notices);
    return true;
  }

  /** A row that cannot be stored must not keep the others from it: halves them until it is alone. */
  async #isolate(entries: readonly Entry[], error: unknown): Promise<boolean> {
    const [only] = entries as [Entry];
    if (entries.length === 1) {
      await setAside(this.#options.database, [{ id: only.id, reason: faultReason(error) }]);
      return true;
    }
    const middle = entries.length >> 1;
    return (await this.#append(entries.slice(0, middle))) && (await this.#append(entries.slice(middle)));
  }

  /** Lets the type's own handler publish it. Says `false` when it was overtaken. */
  async #handOver({ id, draft }: WaitingEvent): Promise<boolean> {
    const { database, onError } = this.#options;
    const handler = this.#handlers[draft.type] as (data: unknown, guard: Guard) => Promise<boolean>;
    try {
      if (!(await handler(JSON.parse(draft.data), taking([id])))) await this.#letGo([id]);
      return true;
    } catch (error) {
      if (wasOvertaken(error)) return false;
      // What the handler itself stumbled over it would stumble over again.
      const failed = !(asProblem(error) instanceof Problem) && errnoOf(error) === undefined;
      if (failed) onError(error);
      else if (!isRowsFault(error)) throw error;
      await setAside(database, [{ id, reason: faultReason(error) }]);
      return true;
    }
  }

  async #letGo(ids: readonly number[]): Promise<void> {
    await this.#options.database.execute(taking(ids).sql);
  }

  #tell(notices: readonly (Touched | Acknowledged)[]): void {
    const { onTouched, onError } = this.#options;
    const touched = new Map<string, Touched>();
    for (const notice of notices) {
      if (notice.kind === 'acknowledged') this.#echoes.add(notice);
      else touched.set(`${notice.contestId}:${notice.playerId}`, notice);
    }
    for (const { contestId, playerId } of touched.values())
      try {
        onTouched?.(contestId, playerId);
      } catch (error) {
        onError(error);
      }
  }

  async #rest(ms: number, signal: AbortSignal): Promise<void> {
    if (!this.#hinted && !signal.aborted)
      await new Promise<void>((resolve) => {
        const done = () => {
          clearTimeout(timer);
          signal.removeEventListener('abort', done);
          resolve();
        };
        const timer = setTimeout(done, ms);
        signal.addEventListener('abort', done);
        this.#wake = done;
      });
    this.#wake = undefined;
    this.#hinted = false;
  }
}

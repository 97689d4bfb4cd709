import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from 'mysql2/promise';
import { KEEP_CLASSES } from '../db/schema.ts';
import { WakeableSleep } from '../util/wakeable-sleep.ts';
import { bumpEpoch } from './epoch.ts';
import {
  type LogHead,
  type Query,
  queryOver,
  readHead,
  readHeadLocked,
  readRange,
  readTails,
} from './reader.ts';
import type { LogRow } from './row.ts';
import { Sequence } from './sequence.ts';

/** Reason for which the streams of this process cannot continue. */
export interface LogFault {
  readonly reason: 'hole' | 'regressed' | 'replaced' | 'epoch-changed' | 'fell-behind';
  /** The last position delivered before. */
  readonly from: number;
  /** The position after which delivery continues. */
  readonly to: number;
}

export interface FollowerOptions {
  /** Opens a dedicated connection, so that a busy pool cannot delay the follower. */
  readonly connect: () => Promise<Connection>;
  /** Receives the log's next rows: contiguous, in order, each once. */
  readonly onRows: (rows: LogRow[]) => void;
  readonly onReset: (fault: LogFault) => void;
  readonly onError?: (error: unknown) => void;
  /** Poll interval while other processes write, and at rest, in ms. */
  readonly pollMs?: { readonly busy: number; readonly idle: number };
}

/** Max rows per read. */
const PAGE = 1_000;
/** Max rows per read after a failure: a whole page of very large rows can exceed the statement time-out. */
const SMALL_PAGE = 20;
/** Rereads of a gap, 2–5 ms apart, before the head is read with a lock. */
const GAP_REREADS = 4;

/**
 * Follows the log and delivers its rows contiguously. New rows are signalled by this process's own commits (`offer`), by
 * hints (`hint`) and by a poll of the head; none of these needs to be complete, in order, or free of repeats.
 */
export class Follower {
  readonly #options: FollowerOptions;
  readonly #sequence = new Sequence<LogRow>(0);
  readonly #pollMs: { readonly busy: number; readonly idle: number };
  #connection: Connection | undefined;
  #epoch = '';
  #target = 0;
  #last: LogRow | undefined;
  #page = PAGE;
  /** Whether this connection has verified that the log is still the one that was followed. */
  #verified = false;
  #started = false;
  readonly #pause = new WakeableSleep();
  #closed = false;

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.#pollMs = options.pollMs ?? { busy: 5, idle: 250 };
  }

  /** The last position delivered. */
  get position(): number {
    return this.#sequence.watermark;
  }

  get epoch(): string {
    return this.#epoch;
  }

  /** Number of rows that are known to exist and are not delivered yet. */
  get lag(): number {
    return Math.max(0, this.#target - this.position);
  }

  get connected(): boolean {
    return this.#connection !== undefined;
  }

  /**
   * Reads the head and starts to follow from there.
   * @param prepare runs with that position before any row is delivered
   * @throws when the database cannot be reached
   */
  async start(prepare?: (position: number) => Promise<void>): Promise<void> {
    try {
      const query = queryOver(await this.#open());
      const head = await readHead(query);
      this.#moveTo(head, await rowAt(query, head.head));
      await prepare?.(head.head);
      this.#verified = this.connected;
      this.#started = true;
      void this.#follow();
    } catch (error) {
      this.#drop();
      throw error;
    }
  }

  /** Takes rows that this process committed. */
  offer(rows: readonly LogRow[]): void {
    if (!this.#started) return;
    const last = rows.at(-1);
    if (!last || last.id <= this.position) return;
    this.#target = Math.max(this.#target, last.id);
    // After a reconnect the log may be another one, and these rows the first of it: the next poll decides.
    if (this.#verified) this.#deliver(rows);
    if (this.#target > this.position) this.#pause.wake();
  }

  /** Takes a hint that the head is at `head`. */
  hint(head: number): void {
    if (!Number.isSafeInteger(head) || head <= this.#target) return;
    this.#target = head;
    this.#pause.wake();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#pause.wake();
    // A query that a hanging server does not answer is not awaited. If it is answered later, nothing is delivered.
    this.#drop();
  }

  async #follow(): Promise<void> {
    let pauseMs = this.#pollMs.idle;
    let failures = 0;
    while (!this.#closed) {
      try {
        const fresh = this.#connection === undefined;
        const query = queryOver(await this.#open());
        if (fresh && (await this.#wasReplaced(query))) await this.#renew(query, 'replaced');
        const others = await this.#poll(query);
        failures = 0;
        pauseMs = others ? this.#pollMs.busy : Math.min(this.#pollMs.idle, pauseMs * 2);
        await this.#pause.sleep(pauseMs);
      } catch (error) {
        this.#drop();
        if (this.#closed) return;
        this.#options.onError?.(error);
        this.#page = SMALL_PAGE;
        await this.#pause.sleep(Math.min(1_000, 50 * 2 ** failures++));
      }
    }
  }

  /** Reads the head, and the missing rows up to it. Returns whether other processes had written. */
  async #poll(query: Query): Promise<boolean> {
    // Own commits can move the position while the query is under way: the head must not be below the earlier one.
    const before = this.position;
    const { head, epoch } = await readHead(query);
    if (epoch !== this.#epoch) {
      await this.#restart(query, 'epoch-changed');
      return true;
    }
    if (head < before && (await readHeadLocked(query)).head < before) {
      await this.#renew(query, 'regressed');
      return true;
    }
    this.#verified = true;
    this.#target = Math.max(this.#target, head);
    return this.#fill(query);
  }

  /** Reads the missing rows up to the target. Returns whether it found any. */
  async #fill(query: Query): Promise<boolean> {
    let found = false;
    let emptyReads = 0;
    while (this.position < this.#target && !this.#closed) {
      const before = this.position;
      const through = Math.min(this.#target, (this.#sequence.firstAhead ?? Number.POSITIVE_INFINITY) - 1);
      this.#deliver(await readRange(query, before, through, this.#page));
      if (this.position > before) {
        this.#page = Math.min(PAGE, this.#page * 2);
        found = true;
        emptyReads = 0;
      } else if (++emptyReads <= GAP_REREADS) {
        await sleep(2 + Math.random() * 3);
      } else {
        const outcome = await this.#investigate(query);
        if (outcome === 'reset') return true;
        emptyReads = 0;
      }
    }
    return found;
  }

  /** Decides about a gap that persists. Under the head's lock no append is under way that could still fill it. */
  async #investigate(query: Query): Promise<'continue' | 'reset'> {
    const before = this.position;
    const { head, epoch } = await readHeadLocked(query);
    if (epoch !== this.#epoch) {
      await this.#restart(query, 'epoch-changed');
      return 'reset';
    }
    if (head <= before) {
      this.#target = Math.min(this.#target, Math.max(head, this.position));
      return 'continue';
    }
    this.#target = Math.max(Math.min(this.#target, head), this.position);
    this.#deliver(await readRange(query, before, head, this.#page));
    if (this.position > before) return 'continue';
    const tails = await readTails(query);
    const pruned = Math.max(...KEEP_CLASSES.map((name) => tails[name]));
    if (before + 1 < pruned) await this.#restart(query, 'fell-behind');
    else await this.#renew(query, 'hole');
    return 'reset';
  }

  /** Begins a new epoch, because the log is not the one that earlier cursors refer to, and restarts. */
  async #renew(query: Query, reason: LogFault['reason']): Promise<void> {
    await bumpEpoch(query, this.#epoch);
    await this.#restart(query, reason);
  }

  /** Skips to the head and reports the fault. */
  async #restart(query: Query, reason: LogFault['reason']): Promise<void> {
    // Own commits above the new position are read again from there, not delivered from the old one meanwhile.
    this.#verified = false;
    const from = this.position;
    const head = await readHeadLocked(query);
    const last = await rowAt(query, head.head);
    if (this.#closed) return;
    this.#moveTo(head, last);
    this.#options.onReset({ reason, from, to: head.head });
  }

  #moveTo({ head, epoch }: LogHead, last: LogRow | undefined): void {
    this.#sequence.reset(head);
    this.#target = head;
    this.#epoch = epoch;
    this.#last = last;
  }

  /** Whether, after a reconnect, the row at our position differs from the one delivered. */
  async #wasReplaced(query: Query): Promise<boolean> {
    const last = this.#last;
    if (!last || last.id !== this.position) return false;
    const row = await rowAt(query, last.id);
    return (
      row !== undefined &&
      (row.at !== last.at ||
        row.scope !== last.scope ||
        row.type !== last.type ||
        row.eventId !== last.eventId)
    );
  }

  #deliver(rows: readonly LogRow[]): void {
    if (this.#closed) return;
    const ready = this.#sequence.take(rows);
    if (ready.length === 0) return;
    this.#last = ready.at(-1);
    this.#options.onRows(ready);
  }

  async #open(): Promise<Connection> {
    if (this.#connection) return this.#connection;
    const connection = await this.#options.connect();
    if (this.#closed) {
      connection.destroy();
      throw new Error('the follower was closed');
    }
    connection.on('error', () => this.#drop(connection));
    this.#connection = connection;
    return connection;
  }

  #drop(connection = this.#connection): void {
    if (connection === this.#connection) {
      this.#connection = undefined;
      this.#verified = false;
    }
    connection?.destroy();
  }
}

async function rowAt(query: Query, id: number): Promise<LogRow | undefined> {
  const [row] = await readRange(query, id - 1, id, 1);
  return row;
}

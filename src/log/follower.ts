import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from 'mysql2/promise';
import { KEEP_CLASSES } from '../db/schema.ts';
import { bumpEpoch } from './epoch.ts';
import {
  type Head,
  type Query,
  queryOver,
  readHead,
  readHeadLocked,
  readRange,
  readTails,
} from './reader.ts';
import type { LogRow } from './row.ts';
import { Sequence } from './sequence.ts';

/** Why the streams of this process cannot simply go on. */
export interface LogFault {
  readonly reason: 'hole' | 'regressed' | 'replaced' | 'epoch-changed' | 'fell-behind';
  /** The last position that was handed on before. */
  readonly from: number;
  /** The position it goes on from. */
  readonly to: number;
}

export interface FollowerOptions {
  /** Opens a dedicated connection, so that no busy pool can hold the follower up. */
  readonly connect: () => Promise<Connection>;
  /** The log's next rows: contiguous, in order, each once. */
  readonly onRows: (rows: LogRow[]) => void;
  readonly onReset: (fault: LogFault) => void;
  readonly onError?: (error: unknown) => void;
  /** How often the head is looked at: while others write, and at rest. Milliseconds. */
  readonly pollMs?: { readonly busy: number; readonly idle: number };
}

const PAGE = 1_000;
/** After a failure: rows may be so large that a whole page takes longer than a statement may. */
const SMALL_PAGE = 20;
/** How often a gap is read again, 2–5 ms apart, before the head is asked with a lock. */
const PATIENT_READS = 4;

/**
 * Follows the log and hands on its rows contiguously. It hears of new rows from this process's own commits (`offer`),
 * from hints (`hint`) and from its own look at the head; none of them is trusted to be complete, in order, or single.
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
  /** Whether this connection has seen that the log is still the one that was followed. */
  #trusted = false;
  #started = false;
  #wake: (() => void) | undefined;
  #awake = false;
  #closed = false;

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.#pollMs = options.pollMs ?? { busy: 5, idle: 250 };
  }

  /** Everything up to here was handed on. */
  get position(): number {
    return this.#sequence.watermark;
  }

  get epoch(): string {
    return this.#epoch;
  }

  /** How many rows are known to exist and were not handed on yet. */
  get lag(): number {
    return Math.max(0, this.#target - this.position);
  }

  get connected(): boolean {
    return this.#connection !== undefined;
  }

  /**
   * Finds the head and starts to follow. @throws when the database cannot be reached
   * @param prepare what must be done with the position before any row is handed on
   */
  async start(prepare?: (position: number) => Promise<void>): Promise<void> {
    try {
      const query = queryOver(await this.#open());
      const head = await readHead(query);
      this.#standAt(head, await rowAt(query, head.head));
      await prepare?.(head.head);
      this.#trusted = this.connected;
      this.#started = true;
      void this.#follow();
    } catch (error) {
      this.#drop();
      throw error;
    }
  }

  /** Rows that this process committed itself. */
  offer(rows: readonly LogRow[]): void {
    if (!this.#started) return;
    const last = rows.at(-1);
    if (!last || last.id <= this.position) return;
    this.#target = Math.max(this.#target, last.id);
    // After a new connection the log may be another one, and these rows the first sign of it.
    if (this.#trusted) this.#handOn(rows);
    if (this.#target > this.position) this.#rouse();
  }

  /** Somebody says that the head is at `head` by now. */
  hint(head: number): void {
    if (!Number.isSafeInteger(head) || head <= this.#target) return;
    this.#target = head;
    this.#rouse();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#rouse();
    // Not waited for: a query that a hanging server does not answer. Should it still answer, nothing is handed on.
    this.#drop();
  }

  async #follow(): Promise<void> {
    let pause = this.#pollMs.idle;
    let failures = 0;
    while (!this.#closed) {
      try {
        const fresh = this.#connection === undefined;
        const query = queryOver(await this.#open());
        if (fresh && (await this.#wasReplaced(query))) await this.#renew(query, 'replaced');
        const others = await this.#look(query);
        failures = 0;
        pause = others ? this.#pollMs.busy : Math.min(this.#pollMs.idle, pause * 2);
        await this.#rest(pause);
      } catch (error) {
        this.#drop();
        if (this.#closed) return;
        this.#options.onError?.(error);
        this.#page = SMALL_PAGE;
        await this.#rest(Math.min(1_000, 50 * 2 ** failures++));
      }
    }
  }

  /** One look at the head, and at everything up to it. Says whether others had written. */
  async #look(query: Query): Promise<boolean> {
    // Own commits move the position while the question is under way: only what was there before it must be seen.
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
    this.#trusted = true;
    this.#target = Math.max(this.#target, head);
    return this.#fill(query);
  }

  /** Reads what is missing up to the target. */
  async #fill(query: Query): Promise<boolean> {
    let found = false;
    let vain = 0;
    while (this.position < this.#target && !this.#closed) {
      const before = this.position;
      const through = Math.min(this.#target, (this.#sequence.firstAhead ?? Number.POSITIVE_INFINITY) - 1);
      this.#handOn(await readRange(query, before, through, this.#page));
      if (this.position > before) {
        this.#page = Math.min(PAGE, this.#page * 2);
        found = true;
        vain = 0;
      } else if (++vain <= PATIENT_READS) {
        await sleep(2 + Math.random() * 3);
      } else {
        const outcome = await this.#investigate(query);
        if (outcome === 'reset') return true;
        vain = 0;
      }
    }
    return found;
  }

  /** A gap stayed. Behind the lock there is no append under way that could still fill it. */
  async #investigate(query: Query): Promise<'go-on' | 'reset'> {
    const before = this.position;
    const { head, epoch } = await readHeadLocked(query);
    if (epoch !== this.#epoch) {
      await this.#restart(query, 'epoch-changed');
      return 'reset';
    }
    if (head <= before) {
      this.#target = Math.min(this.#target, Math.max(head, this.position));
      return 'go-on';
    }
    this.#target = Math.max(Math.min(this.#target, head), this.position);
    this.#handOn(await readRange(query, before, head, this.#page));
    if (this.position > before) return 'go-on';
    const tails = await readTails(query);
    const pruned = Math.max(...KEEP_CLASSES.map((name) => tails[name]));
    if (before + 1 < pruned) await this.#restart(query, 'fell-behind');
    else await this.#renew(query, 'hole');
    return 'reset';
  }

  /** The log is not the one that cursors were given for: a new epoch makes every old cursor say so. */
  async #renew(query: Query, reason: LogFault['reason']): Promise<void> {
    await bumpEpoch(query, this.#epoch);
    await this.#restart(query, reason);
  }

  async #restart(query: Query, reason: LogFault['reason']): Promise<void> {
    // Own commits above the new position are read again from there, not handed on from the old one meanwhile.
    this.#trusted = false;
    const from = this.position;
    const head = await readHeadLocked(query);
    const last = await rowAt(query, head.head);
    if (this.#closed) return;
    this.#standAt(head, last);
    this.#options.onReset({ reason, from, to: head.head });
  }

  #standAt({ head, epoch }: Head, last: LogRow | undefined): void {
    this.#sequence.reset(head);
    this.#target = head;
    this.#epoch = epoch;
    this.#last = last;
  }

  /** After a new connection: is the row at our position still the one that was handed on? */
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

  #handOn(rows: readonly LogRow[]): void {
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
      this.#trusted = false;
    }
    connection?.destroy();
  }

  #rouse(): void {
    this.#awake = true;
    this.#wake?.();
  }

  async #rest(ms: number): Promise<void> {
    if (!this.#awake)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    this.#wake = undefined;
    this.#awake = false;
  }
}

async function rowAt(query: Query, id: number): Promise<LogRow | undefined> {
  const [row] = await readRange(query, id - 1, id, 1);
  return row;
}

import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { Database } from './database.ts';

/** MySQL takes names of at most 64 characters. */
const LONGEST_NAME = 64;
/** How long an answer about the lock may take before the connection is taken for dead, in ms. */
const ANSWER_MS = 3000;

/** The name of one of our server-wide locks: the server's locks are not per database, so the database is part of it. */
export function lockName(database: string, duty: string): string {
  const name = `codecraft-live:${duty}:${database}`;
  if (name.length <= LONGEST_NAME && /^[\x21-\x7e]*$/.test(name)) return name;
  return `codecraft-live:${createHash('sha256').update(name).digest('hex').slice(0, 40)}`;
}

export interface NamedLockOptions {
  /**
   * Called each time the lock is won. The signal is aborted when the lock is lost or closed; another node may have it by
   * then, so what must not be done twice needs a transaction that shows it. If the promise rejects, the lock is given
   * up and tried for again; if it resolves, the lock stays held.
   */
  readonly onAcquired: (signal: AbortSignal) => Promise<void> | void;
  readonly onLost?: () => void;
  /** Connections that failed, and what `onAcquired` threw. */
  readonly onError?: (error: unknown) => void;
  /** How often the lock is tried for, and looked after while it is held, in ms; default 1000. */
  readonly retryMs?: number;
  /** A holder that is silent for so long (frozen, cut off) loses the lock: the server hangs up. Whole seconds; default 10. */
  readonly silenceS?: number;
}

/** A duty that one node at a time has: whoever holds the server's lock. Waiting → holding → (lost) → waiting → closed. */
export class NamedLock {
  readonly #database: Pick<Database, 'connect'>;
  readonly #name: string;
  readonly #options: NamedLockOptions;
  readonly #retryMs: number;
  readonly #closing = new AbortController();
  #held = false;
  #running: Promise<void> | undefined;

  constructor(database: Pick<Database, 'connect' | 'name'>, duty: string, options: NamedLockOptions) {
    this.#database = database;
    this.#name = lockName(database.name, duty);
    this.#options = options;
    this.#retryMs = options.retryMs ?? 1000;
  }

  /** Whether this process has the duty, as far as it knows. */
  get held(): boolean {
    return this.#held;
  }

  /** Begins to try for the lock. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Gives the lock up, once what `onAcquired` began has ended. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    let connection: Connection | undefined;
    while (!signal.aborted) {
      try {
        connection ??= await this.#open();
        const won = await this.#ask(connection, 'SELECT GET_LOCK(?, 0) AS yes');
        // Closed while it was asked for: with the connection goes the lock.
        if (won && !signal.aborted) await this.#hold(connection);
      } catch (error) {
        connection?.destroy();
        connection = undefined;
        if (!signal.aborted) this.#options.onError?.(error);
      }
      await delay(this.#retryMs * (0.75 + Math.random() / 2), undefined, { signal }).catch(() => {});
    }
    connection?.destroy();
  }

  async #open(): Promise<Connection> {
    const connection = await this.#database.connect({ statementTimeoutMs: 0 });
    try {
      await connection.query({
        sql: `SET SESSION wait_timeout = ${this.#options.silenceS ?? 10}`,
        timeout: ANSWER_MS,
      });
      return connection;
    } catch (error) {
      connection.destroy();
      throw error;
    }
  }

  /** Returns when closed; throws when the lock is lost or the duty failed. Either way the duty has ended. */
  async #hold(connection: Connection): Promise<void> {
    const over = new AbortController();
    const stop = () => over.abort();
    connection.once('end', stop);
    connection.once('error', stop);
    this.#closing.signal.addEventListener('abort', stop, { once: true });
    this.#held = true;
    let failure: { error: unknown } | undefined;
    const duty = Promise.resolve()
      .then(() => this.#options.onAcquired(over.signal))
      .catch((error: unknown) => {
        if (!over.signal.aborted) failure = { error };
        stop();
      });
    try {
      while (!over.signal.aborted) {
        await delay(this.#retryMs, undefined, { signal: over.signal }).catch(() => {});
        if (over.signal.aborted) break;
        if (!(await this.#ask(connection, 'SELECT IS_USED_LOCK(?) = CONNECTION_ID() AS yes'))) break;
      }
      if (failure) throw failure.error;
      if (!this.#closing.signal.aborted) throw new Error(`The lock ${this.#name} was lost.`);
    } finally {
      this.#held = false;
      stop();
      this.#closing.signal.removeEventListener('abort', stop);
      if (!this.#closing.signal.aborted) this.#options.onLost?.();
      await duty;
      await this.#ask(connection, 'SELECT RELEASE_LOCK(?) AS yes').catch(() => {});
    }
  }

  async #ask(connection: Connection, sql: string): Promise<boolean> {
    const [rows] = await connection.query<RowDataPacket[]>({ sql, values: [this.#name], timeout: ANSWER_MS });
    return Number(rows[0]?.yes) === 1;
  }
}

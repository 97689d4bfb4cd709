import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { answeredWithin } from '../util/answered-within.ts';
import type { Database } from './database.ts';
import { SILENCE_S } from './keep-alive.ts';

/** Max length of a name on MySQL. */
const MAX_NAME = 64;
/** Max wait for an answer about the lock, after which the connection is taken for dead, in ms. */
const ANSWER_MS = 3000;

/** Name of a server-wide lock. The server's locks are not per database, so the database is part of the name. */
export function lockName(database: string, purpose: string): string {
  const name = `codecraft-live:${purpose}:${database}`;
  if (name.length <= MAX_NAME && /^[\x21-\x7e]*$/.test(name)) return name;
  return `codecraft-live:${createHash('sha256').update(name).digest('hex').slice(0, 40)}`;
}

export interface NamedLockOptions {
  /**
   * Runs each time the lock is acquired. The signal aborts when the lock is lost or closed; another node may hold it by
   * then, so work that must not be done twice needs a transaction that detects it. If the promise rejects, the lock is
   * released and acquired anew; if it resolves, the lock stays held.
   */
  readonly onAcquired: (signal: AbortSignal) => Promise<void> | void;
  readonly onLost?: () => void;
  /** Receives failures of connections, and errors of `onAcquired`. */
  readonly onError?: (error: unknown) => void;
  /** Interval of attempts, and of checks while the lock is held, in ms; default 1000. */
  readonly retryMs?: number;
  /** Silence (frozen, disconnected) after which the server ends a holder's session, and with it the lock, in whole s; default 3. */
  readonly silenceS?: number;
}

/** Leader election by a named lock of the server: one node at a time. Waiting → holding → (lost) → waiting → closed. */
export class NamedLock {
  readonly #database: Pick<Database, 'connect'>;
  readonly #name: string;
  readonly #options: NamedLockOptions;
  readonly #retryMs: number;
  readonly #closing = new AbortController();
  #held = false;
  #running: Promise<void> | undefined;

  constructor(database: Pick<Database, 'connect' | 'name'>, purpose: string, options: NamedLockOptions) {
    this.#database = database;
    this.#name = lockName(database.name, purpose);
    this.#options = options;
    this.#retryMs = options.retryMs ?? 1000;
  }

  /** Whether this process holds the lock, as of its last check. */
  get held(): boolean {
    return this.#held;
  }

  /** Begins to acquire the lock. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Releases the lock, after `onAcquired` has ended. */
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
        // Closed meanwhile: destroying the connection releases the lock.
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
    const connection = await this.#database.connect({ statementTimeoutMs: 0, renewed: true });
    try {
      await answeredWithin(
        connection.query({ sql: `SET SESSION wait_timeout = ${this.#options.silenceS ?? SILENCE_S}` }),
        ANSWER_MS,
      );
      return connection;
    } catch (error) {
      connection.destroy();
      throw error;
    }
  }

  /** Holds the lock until it is closed; throws when it is lost or `onAcquired` failed. `onAcquired` has ended either way. */
  async #hold(connection: Connection): Promise<void> {
    const over = new AbortController();
    const stop = () => over.abort();
    connection.once('end', stop);
    connection.once('error', stop);
    this.#closing.signal.addEventListener('abort', stop, { once: true });
    this.#held = true;
    let failure: { error: unknown } | undefined;
    const work = Promise.resolve()
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
      await work;
      await this.#ask(connection, 'SELECT RELEASE_LOCK(?) AS yes').catch(() => {});
    }
  }

  async #ask(connection: Connection, sql: string): Promise<boolean> {
    const query = connection.query<RowDataPacket[]>({ sql, values: [this.#name] });
    const [rows] = await answeredWithin(query, ANSWER_MS);
    return Number(rows[0]?.yes) === 1;
  }
}

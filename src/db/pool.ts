import type { Connection, QueryOptions } from 'mysql2/promise';
import { Problem } from '../protocol/problem.ts';
import { type DatabaseConnectOptions, openConnection } from './connect.ts';
import { asProblem, leavesConnectionGood, wasIdleTooLong } from './errors.ts';

export interface PoolOptions extends DatabaseConnectOptions {
  readonly size: number;
  /** Max wait for a free connection, in ms. */
  readonly acquireTimeoutMs: number;
  /** Callers that wait for a free connection at most; default 100 for each connection. */
  readonly maxWaiting?: number;
}

type Answer = Awaited<ReturnType<Connection['query']>>;

/** Pooled connection of one caller, until `release`. */
export interface Lease {
  query(options: QueryOptions): Promise<Answer>;
  /** Closes the connection on release instead of keeping it: its state is in doubt. */
  distrust(): void;
  release(): void;
}

/** Wait for an answer beyond the server's own limit, after which the server is taken for dead, in ms. */
const GRACE_MS = 1000;
/** Callers that wait for each connection at most. */
const WAITING_EACH = 100;
/** How long `close` waits for what is under way, in ms. */
const DRAIN_MS = 3000;

/**
 * Connection pool of a fixed size, first come, first served.
 *
 * mysql2's own pool waits for a connection without a limit, has no hook to prepare a session before its first use, and
 * hangs in `end` with a hanging server.
 */
export class ConnectionPool {
  readonly #options: PoolOptions;
  readonly #idle: Connection[] = [];
  readonly #leased = new Set<Connection>();
  readonly #broken = new WeakSet<Connection>();
  readonly #waiting = new Set<() => void>();
  #renewals = 0;
  #taken = 0;
  /** When a slot was last taken or freed (`performance.now()`). */
  #movedAt = 0;
  #closed = false;
  #drained: (() => void) | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /**
   * @throws Problem `overloaded` when too many callers wait or no connection became free in time,
   * `database-unavailable` when none could be opened
   */
  async acquire(): Promise<Lease> {
    await this.#takeSlot();
    let connection = this.#idle.pop();
    if (connection === undefined) {
      try {
        connection = await this.#open();
      } catch (error) {
        this.#freeSlot();
        throw asProblem(error);
      }
    }
    this.#leased.add(connection);
    return this.#lease(connection);
  }

  /** Time for which every slot has been taken and none has become free, in ms; 0 where there is a free one. */
  get stalledMs(): number {
    return this.#taken < this.#options.size ? 0 : performance.now() - this.#movedAt;
  }

  /**
   * Closes every connection, those in use once they are released: another server is to answer from now on, and a
   * connection that was opened before may lead to the one that was left.
   */
  renew(): void {
    this.#renewals += 1;
    for (const connection of this.#leased) this.#broken.add(connection);
    for (const connection of this.#idle.splice(0)) void closeGracefully(connection);
  }

  /** Refuses new leases, waits up to 3 s for those under way, and closes every connection. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const wake of [...this.#waiting]) wake();
    if (this.#taken > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, DRAIN_MS);
        this.#drained = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    for (const connection of this.#leased) connection.destroy();
    await Promise.all(this.#idle.splice(0).map(closeGracefully));
  }

  async #takeSlot(): Promise<void> {
    if (this.#closed) throw unavailable('The connection pool is closed.');
    if (this.#taken < this.#options.size) {
      this.#taken += 1;
      this.#movedAt = performance.now();
      return;
    }
    const { size, maxWaiting = WAITING_EACH * size } = this.#options;
    if (this.#waiting.size >= maxWaiting)
      throw overloaded('Too many callers wait for a database connection.');
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(wake);
        reject(overloaded('No database connection became free in time.'));
      }, this.#options.acquireTimeoutMs);
      const wake = () => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        if (this.#closed) reject(unavailable('The connection pool is closed.'));
        else resolve();
      };
      this.#waiting.add(wake);
    });
  }

  /** Passes the slot to the longest-waiting caller. */
  #freeSlot(): void {
    this.#movedAt = performance.now();
    const [next] = this.#waiting;
    if (next !== undefined) {
      next();
      return;
    }
    this.#taken -= 1;
    if (this.#taken === 0) this.#drained?.();
  }

  async #open(): Promise<Connection> {
    const renewals = this.#renewals;
    const connection = await openConnection(this.#options);
    if (renewals !== this.#renewals) this.#broken.add(connection);
    // Not destroyed here: mysql2 would then never answer the query that is under way.
    const forget = () => {
      this.#broken.add(connection);
      const at = this.#idle.indexOf(connection);
      if (at >= 0) this.#idle.splice(at, 1);
    };
    connection.on('error', forget);
    connection.on('end', forget);
    return connection;
  }

  #lease(connection: Connection): Lease {
    const { statementTimeoutMs } = this.#options;
    const renew = () => this.renew();
    let good = true;
    let released = false;
    return {
      async query(options) {
        if (released) throw new Error('This connection was released: the transaction has ended.');
        try {
          return await connection.query({
            ...options,
            ...(statementTimeoutMs > 0 ? { timeout: statementTimeoutMs + GRACE_MS } : {}),
          });
        } catch (error) {
          if (!leavesConnectionGood(error)) good = false;
          // After a stop of this process, every connection may be one that the server has ended.
          if (wasIdleTooLong(error)) renew();
          throw error;
        }
      },
      distrust: () => {
        good = false;
      },
      release: () => {
        if (released) return;
        released = true;
        this.#leased.delete(connection);
        if (good && !this.#closed && !this.#broken.has(connection)) this.#idle.push(connection);
        else connection.destroy();
        this.#freeSlot();
      },
    };
  }
}

function overloaded(why: string): Problem {
  return new Problem('overloaded', { retryAfter: 1, cause: new Error(why) });
}

function unavailable(why: string): Problem {
  return new Problem('database-unavailable', { retryAfter: 1, cause: new Error(why) });
}

/** Ends the connection, or destroys it after half a second. */
async function closeGracefully(connection: Connection): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, 500);
  });
  await Promise.race([connection.end().catch(() => {}), late]);
  clearTimeout(timer);
  connection.destroy();
}

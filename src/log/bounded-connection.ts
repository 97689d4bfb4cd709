import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from 'mysql2/promise';
import { leavesConnectionGood } from '../db/errors.ts';

/** Max duration of an orderly close, in ms. */
const CLOSE_MS = 500;

/** The database did not answer by the deadline. Statements that were sent may still be executed. */
export class DeadlineExceeded extends Error {
  constructor() {
    super('no answer from the database in time');
  }
}

/**
 * Lazily opened connection whose every use ends by a deadline (`performance.now()`). A connection that is lost or in
 * doubt is dropped, and the next use opens another: no work continues on a second connection.
 */
export class BoundedConnection {
  readonly #connect: () => Promise<Connection>;
  #current: Promise<Connection> | undefined;

  constructor(connect: () => Promise<Connection>) {
    this.#connect = connect;
  }

  /** Runs `work` on the connection. @throws DeadlineExceeded, or what `work` or the opening threw */
  use<T>(deadline: number, work: (connection: Connection) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      let settled = false;
      const settle = (): boolean => {
        if (settled) return false;
        settled = true;
        clearTimeout(timer);
        return true;
      };
      const fail = (error: unknown) => {
        if (!settle()) return;
        if (!leavesConnectionGood(error)) this.drop();
        reject(error);
      };
      const timer = setTimeout(() => fail(new DeadlineExceeded()), Math.max(0, deadline - performance.now()));
      const run = (connection: Connection) => {
        if (settled) throw new DeadlineExceeded();
        return work(connection);
      };
      this.#open()
        .then(run)
        .then((result) => settle() && resolve(result), fail);
    });
  }

  /** Rolls back what a failed use left open. Never throws. */
  async rollback(deadline: number): Promise<void> {
    if (this.#current)
      await this.use(deadline, (connection) => connection.query('ROLLBACK')).catch(() => this.drop());
  }

  drop(): void {
    const dropped = this.#current;
    this.#current = undefined;
    dropped?.then((connection) => connection.destroy()).catch(() => {});
  }

  async close(): Promise<void> {
    const closed = this.#current;
    this.#current = undefined;
    const connection = await closed?.catch(() => undefined);
    if (!connection) return;
    await Promise.race([connection.end().catch(() => {}), sleep(CLOSE_MS, undefined, { ref: false })]);
    connection.destroy();
  }

  #open(): Promise<Connection> {
    if (this.#current) return this.#current;
    const opening = this.#connect();
    this.#current = opening;
    const forget = () => {
      if (this.#current === opening) this.#current = undefined;
    };
    opening.then((connection) => connection.on('error', forget).on('end', forget), forget);
    return opening;
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from 'mysql2/promise';
import { leavesConnectionGood } from '../db/errors.ts';

/** How long a goodbye may take. Milliseconds. */
const GOODBYE_MS = 500;

/** The database did not answer by the deadline. What was sent may still happen. */
export class OutOfTime extends Error {
  constructor() {
    super('no answer from the database in time');
  }
}

/**
 * One connection, opened when it is first needed, whose every use ends by a deadline (`performance.now()`). When it is
 * lost or in doubt it is let go, and the next use opens another: nothing that was begun on one goes on on the other.
 */
export class BoundedConnection {
  readonly #connect: () => Promise<Connection>;
  #current: Promise<Connection> | undefined;

  constructor(connect: () => Promise<Connection>) {
    this.#connect = connect;
  }

  /** @throws OutOfTime, or what `work` or the opening threw */
  async use<T>(deadline: number, work: (connection: Connection) => Promise<T>): Promise<T> {
    const inTime = new AbortController();
    const late = sleep(Math.max(0, deadline - performance.now()), undefined, { signal: inTime.signal }).then(
      () => {
        throw new OutOfTime();
      },
    );
    late.catch(() => {});
    try {
      const connection = await Promise.race([this.#open(), late]);
      return await Promise.race([work(connection), late]);
    } catch (error) {
      if (!leavesConnectionGood(error)) this.drop();
      throw error;
    } finally {
      inTime.abort();
    }
  }

  /** Undoes what a use that failed left behind. Never throws. */
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
    await Promise.race([connection.end().catch(() => {}), sleep(GOODBYE_MS, undefined, { ref: false })]);
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

import type { Connection } from 'mysql2/promise';
import type { Database } from './database.ts';

/** How long an answer may take, ms. */
const ANSWER_MS = 2_000;
/** How long an answer is good for, ms: who asks more often gets the same. */
const FRESH_MS = 250;

/** Asks the database whether it answers, on a connection of its own: it never waits behind callers. */
export class DatabaseProbe {
  readonly #database: Pick<Database, 'connect'>;
  #connection: Promise<Connection> | undefined;
  #asked = Number.NEGATIVE_INFINITY;
  #answer: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(database: Pick<Database, 'connect'>) {
    this.#database = database;
  }

  /** Rejects when the database does not answer within 2 s. Asks it four times a second at most. */
  check(): Promise<void> {
    if (performance.now() - this.#asked >= FRESH_MS) {
      this.#asked = performance.now();
      this.#answer = this.#ask();
      this.#answer.catch(() => {});
    }
    return this.#answer;
  }

  async close(): Promise<void> {
    this.#closed = true;
    (await this.#connection?.catch(() => undefined))?.destroy();
  }

  async #ask(): Promise<void> {
    if (this.#closed) throw new Error('The probe is closed.');
    this.#connection ??= this.#database.connect();
    try {
      const connection = await this.#connection;
      await connection.query({ sql: 'SELECT 1', timeout: ANSWER_MS });
    } catch (error) {
      void this.#connection?.then(
        (connection) => connection.destroy(),
        () => {},
      );
      this.#connection = undefined;
      throw error;
    }
  }
}

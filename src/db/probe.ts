import type { Connection } from 'mysql2/promise';
import { answeredWithin } from '../util/answered-within.ts';
import type { Database } from './database.ts';

/** Max wait for an answer, in ms. */
const ANSWER_MS = 2_000;
/** How long an answer is repeated instead of asking again, in ms. */
const FRESH_MS = 250;
const FRESH_WRITE_MS = 1_000;

/**
 * Every statement of an append, as one packet that is rolled back. The lock of the head is taken last, so that an error
 * before it leaves the head free. Position 0 belongs to no row.
 */
const WRITE = [
  'START TRANSACTION',
  `INSERT INTO notification (id, event_id, scope, keep_class, type, inbox, title, message, data, created_at)
   VALUES (0, 0, 'probe', 'nudge', 'PROBE', 0, '', '', '{}', UTC_TIMESTAMP(3))`,
  `INSERT INTO log_key (idempotency_key, fingerprint, first_id, expires_at)
   VALUES ('probe', REPEAT(x'00', 32), 0, UTC_TIMESTAMP(3))`,
  `INSERT INTO activity_log (player_id, action_type, timestamp, event_id, is_broadcasted)
   VALUES (0, 'LEVEL_UP', UTC_TIMESTAMP(3), 0, 1)`,
  'UPDATE log_head SET head = head WHERE id = 1',
  'ROLLBACK',
].join(';');

/** Health checks of the database, on a connection of their own that never waits behind callers. */
export class DatabaseProbe {
  readonly #database: Pick<Database, 'connect'>;
  #connection: Promise<Connection> | undefined;
  readonly #answers = new Map<string, { readonly at: number; readonly answer: Promise<void> }>();
  #closed = false;

  constructor(database: Pick<Database, 'connect'>) {
    this.#database = database;
  }

  /** Rejects when the database does not answer within 2 s. Asks it four times a second at most. */
  check(): Promise<void> {
    return this.#fresh('SELECT 1', FRESH_MS);
  }

  /** Rejects when an append would fail, or not be done within 2 s. Nothing is stored. Asks once a second at most. */
  checkWrite(): Promise<void> {
    return this.#fresh(WRITE, FRESH_WRITE_MS);
  }

  async close(): Promise<void> {
    this.#closed = true;
    (await this.#connection?.catch(() => undefined))?.destroy();
  }

  #fresh(sql: string, freshMs: number): Promise<void> {
    const known = this.#answers.get(sql);
    if (known !== undefined && performance.now() - known.at < freshMs) return known.answer;
    const answer = this.#ask(sql);
    answer.catch(() => {});
    this.#answers.set(sql, { at: performance.now(), answer });
    return answer;
  }

  async #ask(sql: string): Promise<void> {
    if (this.#closed) throw new Error('The probe is closed.');
    this.#connection ??= this.#database.connect({ multipleStatements: true, renewed: true });
    const asked = this.#connection;
    try {
      const connection = await asked;
      await answeredWithin(connection.query(sql), ANSWER_MS);
    } catch (error) {
      void asked.then(
        (connection) => connection.destroy(),
        () => {},
      );
      if (this.#connection === asked) this.#connection = undefined;
      throw error;
    }
  }
}

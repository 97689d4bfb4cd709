import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { Database, Queries } from '../../db/database.ts';
import { errnoOf } from '../../db/errors.ts';
import { lockName } from '../../db/named-lock.ts';
import { TriggerError } from './trigger-error.ts';

/** Max wait for another process that changes triggers, s. */
const LOCK_TIMEOUT_S = 30;
/** Max wait of DDL for its table's metadata lock, s. The platform's statements on that table queue behind it. */
const TABLE_LOCK_TIMEOUT_S = 3;

const ADVICE: Readonly<Record<number, string>> = {
  1205: `One of the platform's tables was in use by a long transaction for more than ${TABLE_LOCK_TIMEOUT_S} s. Try again when it is over.`,
  1044: 'This account has no rights on this database.',
  1142: rights('This account lacks a right on one of the tables.'),
  1143: rights('This account lacks the right to a column of one of the tables.'),
  1227: rights('This account lacks a right.'),
  1419: 'This server writes a binary log and lets only accounts with SUPER change triggers. Have an administrator run SET GLOBAL log_bin_trust_function_creators = 1, for as long as this takes, or use an account that has SUPER.',
};

/**
 * Runs DDL on triggers, on a dedicated connection and in one process at a time. DDL cannot be rolled back: after an error,
 * another call continues with what is left.
 *
 * @throws TriggerError when the cause is known; its message says what to do.
 */
export async function changeTriggers<T>(
  database: Database,
  change: (connection: Connection, queries: Pick<Queries, 'query'>) => Promise<T>,
): Promise<T> {
  const connection = await database.connect({ statementTimeoutMs: 0 });
  const queries: Pick<Queries, 'query'> = {
    async query<R>(sql: string, values?: readonly unknown[]) {
      const [rows] = await connection.query<RowDataPacket[]>(sql, values && [...values]);
      return rows as R[];
    },
  };
  try {
    const [lock] = await queries.query<{ got: number }>('SELECT GET_LOCK(?, ?) AS got', [
      lockName(database.name, 'triggers'),
      LOCK_TIMEOUT_S,
    ]);
    if (Number(lock?.got) !== 1)
      throw new TriggerError(
        `Another process has been changing the triggers for ${LOCK_TIMEOUT_S} s. Try again when it is done.`,
      );
    await connection.query(`SET SESSION lock_wait_timeout = ${TABLE_LOCK_TIMEOUT_S}`);
    return await change(connection, queries);
  } catch (error) {
    const advice = ADVICE[errnoOf(error) ?? 0];
    throw advice === undefined ? error : new TriggerError(advice, { cause: error });
  } finally {
    // The lock is released with the connection.
    connection.destroy();
  }
}

function rights(sentence: string): string {
  return `${sentence} It needs TRIGGER and SELECT on the platform's tables, INSERT on event_outbox, and SELECT, INSERT and UPDATE on contest_freeze, frozen_player and frozen_score, and must keep them: the triggers run with its rights. On MariaDB those that a role gives do not count.`;
}

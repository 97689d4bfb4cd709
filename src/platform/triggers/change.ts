import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { Database, Queries } from '../../db/database.ts';
import { errnoOf } from '../../db/errors.ts';
import { lockName } from '../../db/named-lock.ts';
import { TriggerError } from './trigger-error.ts';

/** How long to wait for another process that does the same at this moment, in seconds. */
const PATIENCE_S = 30;
/**
 * How long a statement may wait for the table that it is about, in seconds. Meanwhile the platform's own statements on
 * that table wait behind it.
 */
const TABLE_PATIENCE_S = 3;

const ADVICE: Readonly<Record<number, string>> = {
  1205: `One of the platform's tables was in use by a long transaction for more than ${TABLE_PATIENCE_S} s. Try again when it is over.`,
  1044: 'This account has no rights on this database.',
  1142: rights('This account lacks a right on one of the tables.'),
  1143: rights('This account lacks the right to a column of one of the tables.'),
  1227: rights('This account lacks a right.'),
  1419: 'This server writes a binary log and lets only accounts with SUPER change triggers. Have an administrator run SET GLOBAL log_bin_trust_function_creators = 1, for as long as this takes, or use an account that has SUPER.',
};

/**
 * Changes triggers on a connection of its own. One process at a time does so; DDL cannot be rolled back, so what was
 * done when it fails stays done, and calling again goes on from there.
 *
 * @throws TriggerError where the reason is known.
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
      PATIENCE_S,
    ]);
    if (Number(lock?.got) !== 1)
      throw new TriggerError(`Another process has been at the triggers for ${PATIENCE_S} s. Try again.`);
    await connection.query(`SET SESSION lock_wait_timeout = ${TABLE_PATIENCE_S}`);
    return await change(connection, queries);
  } catch (error) {
    const advice = ADVICE[errnoOf(error) ?? 0];
    throw advice === undefined ? error : new TriggerError(advice, { cause: error });
  } finally {
    // With the connection goes the lock.
    connection.destroy();
  }
}

function rights(sentence: string): string {
  return `${sentence} It needs TRIGGER and SELECT on the platform's tables and INSERT on event_outbox, and must keep them: the triggers run with its rights. On MariaDB those that a role gives do not count.`;
}

import { type Connection, createConnection, type ResultSetHeader } from 'mysql2/promise';
import type { Database } from '../../../src/db/database.ts';
import { prepare } from '../../../src/events/prepare.ts';
import type { PublicEventType } from '../../../src/protocol/event.ts';
import { naturalKeyOf } from '../../../src/protocol/natural-key.ts';

/** Database session as the platform has it: the server's default settings, and a lax sql_mode. */
export interface PlatformSession {
  readonly connection: Connection;
  /** @returns the driver's result, with the number of warnings. */
  run(sql: string, values?: readonly unknown[]): Promise<ResultSetHeader>;
  close(): void;
}

export async function openPlatformSession(url: string): Promise<PlatformSession> {
  const connection = await createConnection({ uri: url });
  // The tests' MariaDB has other defaults, and closes idle transactions.
  await connection.query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ');
  await connection.query(
    "SET SESSION sql_mode = '' /*M!100300 , SESSION idle_write_transaction_timeout = 0 */",
  );
  return {
    connection,
    async run(sql, values) {
      const [result] = await connection.query<ResultSetHeader>(sql, values && [...values]);
      return result;
    },
    close: () => connection.destroy(),
  };
}

/** Row of the outbox with its payload parsed. */
export interface OutboxRow {
  readonly type: string;
  readonly data: Record<string, unknown>;
  readonly key: string | null;
}

/**
 * Empties the outbox and returns its rows, in order. Each event must be valid as it is, and have its natural key.
 */
export async function takeOutbox(database: Pick<Database, 'query' | 'execute'>): Promise<OutboxRow[]> {
  const rows = await database.query<{ type: string; payload: string; key: string | null }>(
    'SELECT type, payload, idempotency_key AS `key` FROM event_outbox ORDER BY id',
  );
  await database.execute('DELETE FROM event_outbox');
  return rows.map(({ type, payload, key }) => {
    const data = JSON.parse(payload);
    if (type.endsWith('_TOUCHED')) {
      if (key !== null) throw new Error(`${type} has the key ${key}`);
    } else {
      prepare(type, data);
      const naturalKey = naturalKeyOf(type as PublicEventType, data);
      if (naturalKey !== undefined && key !== naturalKey)
        throw new Error(`${type} has the key ${key} instead of ${naturalKey}`);
    }
    return { type, data, key };
  });
}

/** The same without events of submissions and XP. */
export async function takeConsequences(database: Pick<Database, 'query' | 'execute'>): Promise<OutboxRow[]> {
  const rows = await takeOutbox(database);
  return rows.filter(({ type }) => !type.startsWith('SUBMISSION_') && type !== 'XP_GAINED');
}

import type { Connection, RowDataPacket } from 'mysql2/promise';
import { Problem } from '../protocol/problem.ts';
import type { Queries } from './database.ts';

/** Bytes of a packet beside the statement, at most. */
const OVERHEAD_BYTES = 64;

const limits = new WeakMap<Connection, Promise<number>>();

/**
 * Checks that a statement fits into one packet of this connection, before it is sent: the server would close the connection,
 * often without an answer. The limit of a session does not change.
 * @throws Problem `body-too-large`
 */
export async function assertPacketFits(connection: Connection, sql: string): Promise<void> {
  const known = limits.get(connection) ?? readLimit(connection);
  limits.set(connection, known);
  const limit = await known;
  if (Buffer.byteLength(sql) + OVERHEAD_BYTES <= limit) return;
  throw new Problem('body-too-large', {
    detail: `the database takes at most ${limit} bytes at once (max_allowed_packet)`,
  });
}

async function readLimit(connection: Connection): Promise<number> {
  const [[row]] = await connection.query<RowDataPacket[]>('SELECT @@max_allowed_packet AS bytes');
  return Number(row?.bytes);
}

/** Reads the max size of a statement on this database, in bytes. */
export async function readPacketLimit(database: Pick<Queries, 'query'>): Promise<number> {
  const [row] = await database.query<{ bytes: number }>('SELECT @@max_allowed_packet AS bytes');
  return Number(row?.bytes);
}

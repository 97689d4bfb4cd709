import type { Connection, RowDataPacket } from 'mysql2/promise';
import { Problem } from '../protocol/problem.ts';
import type { Queries } from './database.ts';

/** Bytes of a packet beside the statement, at most. */
const OVERHEAD_BYTES = 64;

const limits = new WeakMap<Connection, number | Promise<number>>();

/**
 * Max bytes of a packet of this connection, read once: the limit of a session does not change. A promise only until it is known.
 */
export function packetLimitOf(connection: Connection): number | Promise<number> {
  const known = limits.get(connection) ?? readLimit(connection);
  limits.set(connection, known);
  return known;
}

/**
 * Checks that a statement fits into one packet, before it is sent: the server would close the connection, often without an
 * answer.
 * @throws Problem `body-too-large`
 */
export function assertPacketFits(sql: string, limit: number): void {
  if (fitsPacket(sql, limit)) return;
  throw new Problem('body-too-large', {
    detail: `the database takes at most ${limit} bytes at once (max_allowed_packet)`,
  });
}

/** Whether a statement fits into a packet of at most `limit` bytes. */
export function fitsPacket(sql: string, limit: number): boolean {
  // A UTF-16 unit is at most three bytes.
  return sql.length * 3 + OVERHEAD_BYTES <= limit || Buffer.byteLength(sql) + OVERHEAD_BYTES <= limit;
}

async function readLimit(connection: Connection): Promise<number> {
  try {
    const [[row]] = await connection.query<RowDataPacket[]>('SELECT @@max_allowed_packet AS bytes');
    const bytes = Number(row?.bytes);
    limits.set(connection, bytes);
    return bytes;
  } catch (error) {
    // A connection whose statement was killed is used again.
    limits.delete(connection);
    throw error;
  }
}

/** Reads the max size of a statement on this database, in bytes. */
export async function readPacketLimit(database: Pick<Queries, 'query'>): Promise<number> {
  const [row] = await database.query<{ bytes: number }>('SELECT @@max_allowed_packet AS bytes');
  return Number(row?.bytes);
}

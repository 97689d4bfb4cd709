import type { Queries } from '../../db/database.ts';
import { errnoOf } from '../../db/errors.ts';

/** A server that no longer knows the variable writes its log by row alone. */
const UNKNOWN_VARIABLE = 1193;

/**
 * Whether the names that triggers look up are read with locks: the platform then waits where another transaction has
 * changed one of those rows and not ended. Where the binary log is written by statement, the server wants it so.
 */
export async function readsWithLocks(database: Pick<Queries, 'query'>): Promise<boolean> {
  try {
    const [row] = await database.query<{ log: number; format: string }>(
      'SELECT @@GLOBAL.log_bin AS log, @@GLOBAL.binlog_format AS format',
    );
    return row?.log === 1 && row.format !== 'ROW';
  } catch (error) {
    if (errnoOf(error) === UNKNOWN_VARIABLE) return false;
    throw error;
  }
}

import type { Queries } from '../../db/database.ts';
import { errnoOf } from '../../db/errors.ts';

/** Servers without the variable `binlog_format` write row-based logs only. */
const UNKNOWN_VARIABLE = 1193;

/**
 * Whether lookups in triggers are locking reads, as with a statement-based binary log: the platform's statement then waits
 * for transactions that have changed the rows it looks up.
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

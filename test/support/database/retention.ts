import type { Database } from '../../../src/db/database.ts';
import { KEEP_CLASSES, type KeepClass } from '../../../src/db/schema.ts';
import { pruneLog } from '../../../src/log/retention.ts';
import { until } from '../until.ts';

const YEAR_MS = 365 * 24 * 3_600_000;

/** Deletes all rows of a keep class but the newest row of the log. */
export function deleteClass(database: Database, keepClass: KeepClass): Promise<void> {
  const ages = Object.fromEntries(KEEP_CLASSES.map((name) => [name, name === keepClass ? 0 : YEAR_MS]));
  // While the service's own retention is at work, it leaves the rows to that.
  return until(async () => {
    const now = new Date(Date.now() + 1_000);
    await pruneLog(database, ages as Record<KeepClass, number>, { now });
    const [left] = await database.query(
      'SELECT 1 FROM notification WHERE keep_class = ? AND id < (SELECT head FROM log_head) LIMIT 1',
      [keepClass],
    );
    return left === undefined;
  });
}

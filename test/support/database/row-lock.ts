import { onTestFinished } from 'vitest';
import { openPlatformSession } from './platform-session.ts';

/**
 * Locks rows until the test has ended, as a client does that was stopped inside a locking read, and that no time-out ends.
 * @param rows `table WHERE condition`
 * @returns what frees them
 */
export async function lockRows(url: string, rows: string): Promise<() => Promise<unknown>> {
  const session = await openPlatformSession(url);
  onTestFinished(() => session.close());
  // A statement that scans a small table would keep the locks of all its rows.
  await session.run('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED');
  await session.run(
    'SET @unlimited = 0 /*M!100300 , SESSION idle_transaction_timeout = 0, SESSION idle_readonly_transaction_timeout = 0 */',
  );
  await session.run('START TRANSACTION');
  const locked = (await session.run(`SELECT 1 FROM ${rows} FOR UPDATE`)) as unknown as unknown[];
  if (locked.length === 0) throw new Error(`There are no rows to lock in ${rows}`);
  return () => session.run('ROLLBACK');
}

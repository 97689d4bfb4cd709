import type { Transaction } from './database.ts';
import { isLocked } from './errors.ts';

/**
 * Locks rows without waiting, for the rest of the transaction.
 * @param rows `table WHERE condition`, all values escaped
 * @returns false when another transaction has locked one of them
 */
export async function tryLock(tx: Transaction, rows: string): Promise<boolean> {
  try {
    await tx.query(`SELECT 1 FROM ${rows} FOR UPDATE NOWAIT`);
    return true;
  } catch (error) {
    if (!isLocked(error)) throw error;
    return false;
  }
}

import { randomInt } from 'node:crypto';

/**
 * Gives the log a new epoch, so that no cursor of the old one can be resumed. Compares with `from`, so that several
 * processes that detect the same fault change it once.
 */
export async function bumpEpoch(
  execute: (sql: string, values: unknown[]) => Promise<unknown>,
  from: string,
): Promise<void> {
  await execute('UPDATE log_head SET epoch = ? WHERE id = 1 AND epoch = ?', [newEpoch(), from]);
}

function newEpoch(): string {
  const letters = 'abcdefghijkmnpqrstuvwxyz23456789';
  return Array.from({ length: 4 }, () => letters[randomInt(letters.length)]).join('');
}

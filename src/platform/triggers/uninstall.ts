import type { Database } from '../../db/database.ts';
import { changeTriggers } from './change.ts';
import { readInstalled } from './installed.ts';
import { triggerName } from './trigger.ts';

/**
 * Drops our triggers of all versions, and no others.
 *
 * @returns the names of the dropped triggers.
 * @throws TriggerError when they cannot be dropped; its message says why.
 */
export function uninstallTriggers(database: Database): Promise<string[]> {
  return changeTriggers(database, async (connection, queries) => {
    const { states, superseded } = await readInstalled(queries);
    const current = states.filter(({ state }) => state === 'installed').map(({ trigger }) => trigger);
    const names = [...current.map(triggerName), ...superseded];
    for (const name of names) await connection.query(`DROP TRIGGER IF EXISTS \`${name}\``);
    return names;
  });
}

import type { Database } from '../../db/database.ts';
import { changeTriggers } from './change.ts';
import { readInstalled } from './installed.ts';
import { triggerName } from './trigger.ts';

/**
 * Takes all our triggers, of whichever version, off the platform's tables, and nothing else.
 *
 * @returns the names of those that were there.
 * @throws TriggerError when it cannot be done, with the reason.
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

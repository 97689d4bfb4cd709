import type { Database } from '../../db/database.ts';
import { changeTriggers, droppingSteps, type TriggerChangeOptions } from './change.ts';
import { readInstalled } from './installed.ts';
import { triggerName } from './trigger.ts';

/**
 * Drops our triggers of all versions, and no others: all or none.
 *
 * @returns the names of the dropped triggers.
 * @throws TriggerError when they cannot be dropped; its message names the cause.
 */
export function uninstallTriggers(database: Database, options: TriggerChangeOptions = {}): Promise<string[]> {
  return changeTriggers(
    database,
    async (connection, queries) => {
      const { states, superseded } = await readInstalled(queries);
      const current = states
        .filter(({ state }) => state === 'installed' || state === 'displaced')
        .map(({ trigger }) => trigger);
      const names = [...current.map(triggerName), ...superseded];
      return { steps: await droppingSteps(connection, names), result: names };
    },
    options,
  );
}

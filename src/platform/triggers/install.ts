import type { Database } from '../../db/database.ts';
import { changeTriggers } from './change.ts';
import { readInstalled } from './installed.ts';
import { requireWhatTheyUse, tryRights } from './requirements.ts';
import { createStatement, type Trigger } from './trigger.ts';

/**
 * Puts this version's triggers on the platform's tables, and takes those of other versions off; does nothing where they
 * are. Triggers that are not ours stay as they are, and run before ours.
 *
 * @returns those that were made, and the names of those that were dropped.
 * @throws TriggerError when it cannot be done, with the reason.
 */
export function installTriggers(database: Database): Promise<{ made: Trigger[]; dropped: string[] }> {
  return changeTriggers(database, async (connection, queries) => {
    await requireWhatTheyUse(connection);
    const { states, superseded } = await readInstalled(queries);
    await tryRights(connection);
    const made = states.filter(({ state }) => state !== 'installed').map(({ trigger }) => trigger);
    for (const trigger of made) await connection.query(createStatement(trigger));
    // After the new ones are there: what both tell is one event.
    for (const name of superseded) await connection.query(`DROP TRIGGER IF EXISTS \`${name}\``);
    return { made, dropped: [...superseded] };
  });
}

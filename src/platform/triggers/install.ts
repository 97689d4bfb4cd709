import type { Database } from '../../db/database.ts';
import { changeTriggers } from './change.ts';
import { inspectTriggers } from './inspect.ts';
import { assertPrerequisites, checkPrivileges } from './requirements.ts';
import { createStatement, type Trigger, triggerName } from './trigger.ts';

/**
 * Installs this version's triggers on the platform's tables, replaces those whose definer is gone, and drops those of other
 * versions. Idempotent. Foreign triggers stay as they are, and run before ours.
 *
 * @returns the created triggers, and the names of the dropped ones.
 * @throws TriggerError when they cannot be installed; its message says why.
 */
export function installTriggers(database: Database): Promise<{ made: Trigger[]; dropped: string[] }> {
  return changeTriggers(database, async (connection, queries) => {
    await assertPrerequisites(connection);
    const { states, superseded } = await inspectTriggers(queries);
    await checkPrivileges(connection);
    const made = states.filter(({ state }) => state !== 'installed').map(({ trigger }) => trigger);
    const orphaned = new Set(
      states.filter(({ state }) => state === 'orphaned').map(({ trigger }) => trigger),
    );
    for (const trigger of made) {
      // Its definer is gone, and nothing that fires it succeeds: dropping it misses no write.
      if (orphaned.has(trigger)) await connection.query(`DROP TRIGGER IF EXISTS \`${triggerName(trigger)}\``);
      await connection.query(createStatement(trigger));
    }
    // After the new ones exist: an event that both write has one key.
    for (const name of superseded) await connection.query(`DROP TRIGGER IF EXISTS \`${name}\``);
    return { made, dropped: [...superseded] };
  });
}

import type { Database } from '../../db/database.ts';
import { changeTriggers, droppingSteps, type TriggerChangeOptions, type TriggerStep } from './change.ts';
import { inspectTriggers } from './inspect.ts';
import { assertPrerequisites, checkPrivileges } from './requirements.ts';
import { createStatement, type Trigger, triggerName } from './trigger.ts';

/**
 * Installs this version's triggers on the platform's tables, replaces those whose definer is gone or which are on a table that
 * a copy replaced, and drops those of other versions: all or nothing. Idempotent. Foreign triggers stay as they are, and run before ours.
 *
 * @returns the created triggers, and the names of the dropped ones.
 * @throws TriggerError when they cannot be installed; its message names the cause.
 */
export function installTriggers(
  database: Database,
  options: TriggerChangeOptions = {},
): Promise<{ made: Trigger[]; dropped: string[] }> {
  return changeTriggers(
    database,
    async (connection, queries) => {
      await assertPrerequisites(connection);
      const { states, superseded } = await inspectTriggers(queries);
      await checkPrivileges(connection);
      const changed = states.filter(({ state }) => state !== 'installed');
      const steps: TriggerStep[] = changed.flatMap(({ trigger, state }) => {
        const drop = `DROP TRIGGER IF EXISTS \`${triggerName(trigger)}\``;
        const create = { sql: createStatement(trigger), revert: drop };
        // Nothing that fires it succeeds, since its definer is gone, or its table receives no write: dropping it misses no write.
        return state === 'orphaned' || state === 'displaced' ? [{ sql: drop }, create] : [create];
      });
      // After the new ones exist: an event that both write has one key.
      steps.push(...(await droppingSteps(connection, superseded)));
      return { steps, result: { made: changed.map(({ trigger }) => trigger), dropped: [...superseded] } };
    },
    options,
  );
}

import type { Queries } from '../../db/database.ts';
import { TRIGGERS } from './all.ts';
import { pieceOf, type Trigger, triggerName } from './trigger.ts';

/**
 * State of one of this version's triggers. `outdated`: the database has it as another version created it. `displaced`: it is
 * on another table, as after a copy took the table's place and the old one was kept.
 */
export interface TriggerState {
  readonly trigger: Trigger;
  readonly state: 'installed' | 'outdated' | 'displaced' | 'missing';
}

export interface InstalledTriggers {
  /** All triggers of this version, in their order. */
  readonly states: readonly TriggerState[];
  /** Names of the triggers that other versions created. */
  readonly superseded: readonly string[];
  /** Accounts whose rights they run with, as far as visible. When one is dropped, the platform's writes fail. */
  readonly definers: readonly string[];
  /** Account that a trigger runs as, by the trigger's name, as far as visible. */
  readonly definerOf: ReadonlyMap<string, string>;
}

/**
 * Reads which of our triggers a database has; foreign ones are ignored. Without the TRIGGER right on a table, the server
 * shows none of its triggers.
 */
export async function readInstalled(database: Pick<Queries, 'query'>): Promise<InstalledTriggers> {
  const rows = await database.query<{ name: string; on: string; definer: string | null }>(
    `SELECT TRIGGER_NAME AS name, LOWER(EVENT_OBJECT_TABLE) AS \`on\`, DEFINER AS definer FROM information_schema.TRIGGERS
     WHERE TRIGGER_SCHEMA = DATABASE() ORDER BY TRIGGER_NAME`,
  );
  const ours = rows.filter(({ name }) => pieceOf(name, TRIGGERS) !== undefined);
  const tableOf = new Map(ours.map(({ name, on }) => [name, on]));
  const current = new Set(TRIGGERS.map(triggerName));
  const superseded = [...tableOf.keys()].filter((name) => !current.has(name));
  const stateOf = (trigger: Trigger): TriggerState['state'] => {
    const table = tableOf.get(triggerName(trigger));
    if (table !== undefined) return table === trigger.table ? 'installed' : 'displaced';
    return superseded.some((name) => pieceOf(name, [trigger])) ? 'outdated' : 'missing';
  };
  return {
    states: TRIGGERS.map((trigger) => ({ trigger, state: stateOf(trigger) })),
    superseded,
    definers: [...new Set(ours.flatMap(({ definer }) => definer || []))],
    definerOf: new Map(ours.flatMap(({ name, definer }) => (definer ? [[name, definer] as const] : []))),
  };
}

import type { Queries } from '../../db/database.ts';
import { TRIGGERS } from './all.ts';
import { pieceOf, type Trigger, triggerName } from './trigger.ts';

/** How one of this version's triggers stands. `outdated`: the database has it as another version of us made it. */
export interface TriggerState {
  readonly trigger: Trigger;
  readonly state: 'installed' | 'outdated' | 'missing';
}

export interface InstalledTriggers {
  /** All of this version, in its order. */
  readonly states: readonly TriggerState[];
  /** Names of triggers in the database that other versions of us made. */
  readonly superseded: readonly string[];
  /** The accounts with whose rights they run, as far as we may see them; were one dropped, the platform's writes would fail. */
  readonly definers: readonly string[];
}

/**
 * Which of our triggers a database has. Others' triggers are not looked at. Without the TRIGGER right on a table, the
 * server shows none of it.
 */
export async function readInstalled(database: Pick<Queries, 'query'>): Promise<InstalledTriggers> {
  const rows = await database.query<{ name: string; definer: string | null }>(
    `SELECT TRIGGER_NAME AS name, DEFINER AS definer FROM information_schema.TRIGGERS
     WHERE TRIGGER_SCHEMA = DATABASE() ORDER BY TRIGGER_NAME`,
  );
  const ours = rows.filter(({ name }) => pieceOf(name, TRIGGERS) !== undefined);
  const names = new Set(ours.map(({ name }) => name));
  const current = new Set(TRIGGERS.map(triggerName));
  const superseded = [...names].filter((name) => !current.has(name));
  const stateOf = (trigger: Trigger): TriggerState['state'] => {
    if (names.has(triggerName(trigger))) return 'installed';
    return superseded.some((name) => pieceOf(name, [trigger])) ? 'outdated' : 'missing';
  };
  return {
    states: TRIGGERS.map((trigger) => ({ trigger, state: stateOf(trigger) })),
    superseded,
    definers: [...new Set(ours.flatMap(({ definer }) => definer || []))],
  };
}

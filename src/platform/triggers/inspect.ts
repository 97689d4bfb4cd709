import { readAccountRights } from '../../db/account-rights.ts';
import type { Queries } from '../../db/database.ts';
import { counted } from '../../util/english.ts';
import { judgeDefiners } from './definers.ts';
import { type InstalledTriggers, readInstalled, type TriggerState } from './installed.ts';
import { type Trigger, triggerName } from './trigger.ts';

/**
 * State of a trigger as this account can judge it. `orphaned`: the account that it runs as does not exist, so that the
 * platform's statements that fire it fail. `hidden`: not seen, and this account may not see the triggers of its table.
 */
export interface InspectedTrigger {
  readonly trigger: Trigger;
  readonly state: TriggerState['state'] | 'orphaned' | 'hidden';
}

export interface InspectedTriggers extends Omit<InstalledTriggers, 'states'> {
  readonly states: readonly InspectedTrigger[];
  /** Definers that do not exist. */
  readonly goneDefiners: readonly string[];
  /** Definers of which this account may not see whether they exist. */
  readonly unseenDefiners: readonly string[];
}

/** Without one of these rights on a table, a server shows none of its triggers. */
const SHOWING = { mysql: ['TRIGGER'], mariadb: ['TRIGGER', 'INSERT', 'UPDATE', 'DELETE'] } as const;

/** Reads which of our triggers a database has, which of them cannot run, and which this account may not see. */
export async function inspectTriggers(database: Pick<Queries, 'query'>): Promise<InspectedTriggers> {
  const installed = await readInstalled(database);
  const { gone, unseen } = await judgeDefiners(database, installed.definers);
  const shows = await shownTables(database);
  const stateOf = ({ trigger, state }: TriggerState): InspectedTrigger['state'] => {
    if (state === 'installed' && gone.has(installed.definerOf.get(triggerName(trigger)) ?? ''))
      return 'orphaned';
    return state === 'missing' && !shows(trigger.table) ? 'hidden' : state;
  };
  return {
    ...installed,
    states: installed.states.map((one) => ({ trigger: one.trigger, state: stateOf(one) })),
    goneDefiners: [...gone],
    unseenDefiners: unseen,
  };
}

/** Whether triggers report every right that the platform's statements withdraw, as far as this account can see. */
export async function reportsWithdrawnRights(database: Pick<Queries, 'query'>): Promise<boolean> {
  const { states } = await inspectTriggers(database);
  return states.every(
    ({ trigger, state }) => state === 'installed' || !trigger.writes.includes('ACCESS_TOUCHED'),
  );
}

/**
 * Describes what is wrong with triggers that were installed, a sentence per fault; none where none is seen. Names no
 * account, since any caller may read it: `platform status` does.
 */
export function describeTriggerFaults({ states, superseded, goneDefiners }: InspectedTriggers): string[] {
  if (states.every(({ state }) => state === 'missing' || state === 'hidden')) return [];
  const faults: string[] = [];
  const orphaned = states.filter(({ state }) => state === 'orphaned').map(({ trigger }) => trigger.table);
  if (goneDefiners.length > 0) {
    const tables = [...new Set(orphaned)].join(', ');
    faults.push(
      `An account that triggers run as does not exist, so the platform's own writes${tables && ` to ${tables}`} fail (error 1449). Run \`codecraft-live platform install\` with an account that stays.`,
    );
  }
  const missing = states.filter(({ state }) => state === 'missing' || state === 'displaced').length;
  if (superseded.length > 0) {
    const others =
      missing > 0
        ? `, and ${counted(missing, 'trigger')} of this version ${missing === 1 ? 'is' : 'are'} missing`
        : '';
    faults.push(
      `On the platform's tables: ${counted(superseded.length, 'trigger')} of another version${others}. Events that only this version's triggers report are not published. Run \`codecraft-live platform install\`, as after each upgrade.`,
    );
  } else if (missing > 0)
    faults.push(
      `On the platform's tables: ${counted(missing, 'trigger')} missing. Run \`codecraft-live platform install\`: a table that was replaced by a copy has lost its triggers.`,
    );
  return faults;
}

/** Returns whether this account sees the triggers of a table. */
async function shownTables(database: Pick<Queries, 'query'>): Promise<(table: string) => boolean> {
  const [server] = await database.query<{ version: string }>('SELECT VERSION() AS version');
  const showing = SHOWING[/mariadb/i.test(server?.version ?? '') ? 'mariadb' : 'mysql'];
  const rights = await readAccountRights(database);
  return (table) => showing.some((right) => rights.on(table).has(right));
}

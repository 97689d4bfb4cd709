import type { Database } from '../../db/database.ts';
import { readInstalled } from '../../db/triggers/installed.ts';
import { counted } from '../words.ts';
import { type Finding, good, note, wrong } from './finding.ts';

/** Whether what the platform writes is told by triggers: by all of them or by none. */
export async function checkTriggers(database: Pick<Database, 'query'>): Promise<Finding[]> {
  const { states, superseded, definers } = await readInstalled(database);
  const count = (state: string) => states.filter((one) => one.state === state).length;
  if (count('missing') === states.length)
    return [
      note(
        "The platform's tables have no triggers that this account may see: only what is published is told. `codecraft-live platform install` puts them on.",
      ),
    ];
  const faults = [
    ...(count('missing') > 0 ? [`${counted(count('missing'), 'trigger')} missing`] : []),
    ...(superseded.length > 0 ? [`${counted(superseded.length, 'trigger')} of another version`] : []),
  ];
  if (faults.length > 0)
    return [
      wrong(`On the platform's tables: ${faults.join(', ')}. Run \`codecraft-live platform install\`.`),
    ];
  return [
    good(
      `What the platform writes is told by ${counted(states.length, 'trigger')}, with the rights of ${definers.join(' and ') || 'an account that this one may not see'}.`,
    ),
  ];
}

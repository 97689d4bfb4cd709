import type { RowDataPacket } from 'mysql2/promise';
import type { Database } from '../../db/database.ts';
import { serverMessageOf } from '../../db/errors.ts';
import { describeTriggerFaults, inspectTriggers } from '../../platform/triggers/inspect.ts';
import { readInstalled } from '../../platform/triggers/installed.ts';
import { checkPrivileges, findMissing } from '../../platform/triggers/requirements.ts';
import { counted } from '../../util/english.ts';
import { type Finding, good, note, wrong } from './finding.ts';

/** Checks that all triggers publish the platform's writes, or that none is installed. */
export async function checkTriggers(database: Pick<Database, 'query' | 'connect'>): Promise<Finding[]> {
  const inspected = await inspectTriggers(database);
  const { states, definers, unseenDefiners } = inspected;
  const count = (state: string) => states.filter((one) => one.state === state).length;
  if (count('hidden') === states.length)
    return [
      note(
        "This account cannot see whether the platform's tables have triggers: it needs TRIGGER on them. `codecraft-live platform status` says more with an account that has it.",
      ),
    ];
  if (count('missing') + count('hidden') === states.length)
    return [
      note(
        "The platform's tables have no triggers that this account may see: the platform's own writes are not published. `codecraft-live platform install` installs them.",
      ),
    ];
  const faults = describeTriggerFaults(inspected);
  if (faults.length > 0) return faults.map(wrong);
  const trouble = await troubleOf(database, definers);
  if (trouble !== undefined) return [wrong(trouble)];
  const unseen = unseenDefiners.map((account) =>
    note(`This account cannot see whether ${account}, as which triggers run, still exists.`),
  );
  return [
    good(
      `${counted(states.length - count('hidden'), 'trigger')} publish the platform's writes, with the rights of ${definers.join(' and ') || 'an account that this one may not see'}.`,
    ),
    ...unseen,
  ];
}

/** Finds out why triggers publish nothing: they never fail themselves, so that the platform's writes succeed. */
async function troubleOf(
  database: Pick<Database, 'connect'>,
  definers: readonly string[],
): Promise<string | undefined> {
  const connection = await database.connect();
  try {
    const lacking = await findMissing(connection);
    if (lacking.length > 0) return `The triggers do not publish everything: ${lacking.join('; ')}.`;
    const [[me]] = await connection.query<RowDataPacket[]>('SELECT CURRENT_USER() AS account');
    // An account sees all rights of its own only.
    if (definers.length !== 1 || definers[0] !== me?.account) return undefined;
    await checkPrivileges(connection);
    const own = await readInstalled({ query: async (sql) => (await connection.query(sql))[0] as never });
    return own.definers.length > 0
      ? undefined
      : `The triggers run with the rights of ${me?.account}, which has TRIGGER by a role alone: on MariaDB that does not count, and the platform's own writes fail. Grant it to the account itself.`;
  } catch (error) {
    if (serverMessageOf(error) === undefined) throw error;
    return `The triggers run with the rights of ${definers.join(' and ')}, which lacks one, and do not publish everything: ${serverMessageOf(error)}.`;
  } finally {
    connection.destroy();
  }
}

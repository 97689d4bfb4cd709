import { checkCompleteness } from '../db/completeness.ts';
import type { Queries } from '../db/database.ts';
import { describeTriggerFaults, inspectTriggers } from '../platform/triggers/inspect.ts';

/**
 * Finds what a migrated database has lost: tables, columns, procedures, rights, triggers and the accounts that these run as.
 * Returns a sentence per loss.
 */
export async function checkSchemaAndTriggers(database: Pick<Queries, 'query'>): Promise<string[]> {
  return [...(await checkCompleteness(database)), ...describeTriggerFaults(await inspectTriggers(database))];
}

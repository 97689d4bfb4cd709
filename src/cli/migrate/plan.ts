import type { MigrationPlan } from '../../migrate/migrate.ts';
import type { DatabaseStart } from '../../migrate/survey.ts';
import { DEFINITIONS } from '../../platform/adoption/keep-definitions.ts';
import { counted, listed } from '../../util/english.ts';

const STARTS: Readonly<Record<DatabaseStart, string>> = {
  empty: 'is empty',
  other: 'has tables, but none of the platform’s',
  platform: 'has the platform’s tables and none of ours',
  socketio: 'has tables of the platform’s Socket.IO generation',
  ours: 'is behind this version',
};

/** Destination of a table's rows. */
const DESTINATIONS: Readonly<Record<string, string>> = {
  notification: 'the inboxes of their players, with what was read',
  activity_log: 'activity_log, under the ids they have',
};

/**
 * Describes a migration in sentences, one a line.
 *
 * @param where the database's name and server
 */
export function planSentences(where: string, plan: MigrationPlan): string[] {
  const steps = stepsOf(plan);
  if (steps.length === 0) return [`${where} is up to date: there would be nothing to do.`];
  return [
    `${where} ${STARTS[plan.start]}. It would be migrated so:`,
    ...steps.map((step, index) => `${index + 1}. ${step}`),
    'Nothing was changed.',
  ];
}

function stepsOf({
  definitions,
  renames,
  missing,
  pending,
  progress,
  copies,
  lost,
  incompatible,
  rows,
}: MigrationPlan): string[] {
  const steps: string[] = [];
  const rowsOf = (table: string) => counted(rows.get(table) ?? 0, 'row');
  if (definitions.length > 0) {
    const names = listed(definitions.map(({ kind, name }) => `the ${kind} ${name}`));
    steps.push(`Write down ${names} in ${DEFINITIONS}: they will be replaced by ours of the same names.`);
  }
  if (renames.length > 0) {
    const pairs = renames.map(({ name, keptAs }) => `${name} to ${keptAs} (${rowsOf(keptAs)})`);
    steps.push(`Rename ${listed(pairs)}. A Socket.IO layer that is still loaded goes on working.`);
  }
  if (missing.length > 0) {
    steps.push(
      `Create what is missing of the platform’s tables: ${listed(missing.map(({ name }) => name))}.`,
    );
  }
  if (pending.length > 0) {
    const names = pending.map(({ name, statements }) => {
      const done = progress.get(name)?.done ?? 0;
      return done === 0 ? name : `${name} from statement ${done + 1} of ${statements.length} on`;
    });
    steps.push(`Apply ${listed(names)}.`);
  }
  if (lost.length > 0)
    steps.push(
      `Create ${listed(lost.map(({ kind, name }) => `the ${kind} ${name}`))} again, which this version had created.`,
    );
  if (incompatible.length > 0)
    steps.push(`Make ${listed(incompatible.map(({ what }) => what))} compatible with the Socket.IO layer.`);
  for (const {
    table: { name, keptAs },
  } of copies) {
    steps.push(`Copy ${rowsOf(keptAs)} of ${keptAs} to ${DESTINATIONS[name]}. The table stays as it is.`);
  }
  return steps;
}

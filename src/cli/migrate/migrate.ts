import { loadConfig } from '../../config/config.ts';
import { serverName } from '../../db/server-version.ts';
import { checkSchemaAndTriggers } from '../../migrate/check.ts';
import { type MigrationReport, migrate, planMigration } from '../../migrate/migrate.ts';
import { counted, listed } from '../../util/english.ts';
import type { CliContext } from '../context.ts';
import { databaseAt, hasEmbeddedData, withDatabase } from '../database-access.ts';
import { EXIT, type ExitCode } from '../failure.ts';
import { planSentences } from './plan.ts';

export interface MigrateOptions {
  /** URL of the database; default: the configured one. */
  readonly url?: string;
  /** Whether to print the plan only. */
  readonly plan?: boolean;
}

/** Brings a database to this version's schema, reports the changes and what is still wrong, or prints the plan and changes nothing. */
export async function runMigrate(
  { url, plan = false }: MigrateOptions,
  { env, out, err, signal }: CliContext,
): Promise<ExitCode> {
  const config = url === undefined ? loadConfig(env).database : databaseAt(url);
  const log = (line: string) => err.line(err.paint('dim', line));
  if (plan && config.kind === 'embedded' && !hasEmbeddedData(config.directory)) {
    out.line(
      'There is no database yet: the service would start one of its own, empty, and make everything in it.',
    );
    return EXIT.fine;
  }
  return await withDatabase(
    config,
    async (database) => {
      const where = `${database.name} on ${serverName(await database.flavour())}`;
      if (plan) {
        for (const line of planSentences(where, await planMigration(database))) out.line(line);
        return EXIT.fine;
      }
      out.line(summaryOf(where, await migrate(database, { log })));
      const losses = await checkSchemaAndTriggers(database);
      for (const loss of losses) out.line(`${out.paint('red', '✗')} ${loss}`);
      return losses.length > 0 ? EXIT.failed : EXIT.fine;
    },
    { start: true, log, signal },
  );
}

function summaryOf(where: string, { applied, created, renamed, restored, adopted }: MigrationReport): string {
  const done = [
    ...(applied.length > 0 ? [`${counted(applied.length, 'migration')} applied`] : []),
    ...(created.length > 0 ? [`${counted(created.length, 'table')} of the platform created`] : []),
    ...(renamed.length > 0
      ? [`${counted(renamed.length, 'table')} of the Socket.IO generation renamed`]
      : []),
    ...(restored.length > 0 ? [`${restored.join(', ')} created again`] : []),
    ...adopted.map(({ source, copied }) => `${counted(copied, 'row')} of ${source} taken over`),
  ];
  return done.length === 0
    ? `${where} is up to date: there was nothing to do.`
    : `${where} is up to date now: ${listed(done)}.`;
}

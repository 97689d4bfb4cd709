import { type DatabaseConfig, loadConfig } from '../config.ts';
import { migrate as bringUpToDate } from '../db/migrate.ts';
import { parseDatabaseUrl } from '../db/url.ts';
import { withDatabase } from './database-access.ts';
import { CliFailure, EXIT } from './failure.ts';
import type { Surroundings } from './surroundings.ts';
import { counted, serverName } from './words.ts';

export interface MigrateOptions {
  /** Of the database; default: the configured one. */
  readonly url?: string;
}

/** Brings a database to this version's schema, and says what was done. */
export async function migrate({ url }: MigrateOptions, { env, out, err }: Surroundings): Promise<void> {
  const config = url === undefined ? loadConfig(env).database : databaseAt(url);
  const log = (line: string) => err.line(err.paint('dim', line));
  await withDatabase(
    config,
    async (database) => {
      const where = `${database.name} on ${serverName(await database.flavour())}`;
      const { applied, created } = await bringUpToDate(database, { log });
      if (applied.length === 0 && created.length === 0) {
        out.line(`${where} is up to date: there was nothing to do.`);
        return;
      }
      const tables =
        created.length === 0 ? '' : ` and ${counted(created.length, 'table')} of the platform created`;
      out.line(`${where} is up to date now: ${counted(applied.length, 'migration')} applied${tables}.`);
    },
    { start: true, log },
  );
}

function databaseAt(url: string): DatabaseConfig {
  try {
    parseDatabaseUrl(url);
  } catch (error) {
    throw new CliFailure((error as Error).message, EXIT.usage);
  }
  return { kind: 'url', url, poolSize: 2 };
}

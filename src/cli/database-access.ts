import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseConfig } from '../config/config.ts';
import { type Database, openDatabase } from '../db/database.ts';
import { startEmbeddedDatabase } from '../db/embedded/embedded-database.ts';
import { preparePlace } from '../db/embedded/place.ts';
import { parseDatabaseUrl } from '../db/url.ts';
import { CliFailure, EXIT } from './failure.ts';

export interface AccessOptions {
  /** Whether to start an embedded database that does not run, for as long as the work lasts. Default: a failure. */
  readonly start?: boolean;
  readonly log?: (line: string) => void;
  /** Aborts the start of an embedded database. */
  readonly signal?: AbortSignal;
}

/** Database of a command's `--url`. @throws CliFailure when it is no URL of a database */
export function databaseAt(url: string): DatabaseConfig {
  try {
    parseDatabaseUrl(url);
  } catch (error) {
    throw new CliFailure((error as Error).message, EXIT.usage);
  }
  return { kind: 'url', url, poolSize: 2 };
}

/** Opens the configured database while `work` runs; an embedded one that the service runs is shared. */
export async function withDatabase<T>(
  config: DatabaseConfig,
  work: (database: Database) => Promise<T>,
  options: AccessOptions = {},
): Promise<T> {
  if (config.kind === 'url') return using(config.url, work);
  const { directory } = config;
  const running = await runningEmbedded(directory);
  if (running !== undefined) return using(running, work);
  if (!options.start)
    throw new CliFailure(
      'The embedded database does not run: start the service with `npm start`, or name another database with DATABASE_URL.',
    );
  const embedded = await startEmbeddedDatabase({
    directory,
    log: options.log ?? (() => {}),
    signal: options.signal,
  });
  try {
    return await using(embedded.url, work);
  } finally {
    await embedded.stop();
  }
}

/** Whether a directory contains an embedded database, running or not. */
export function hasEmbeddedData(directory: string): boolean {
  return existsSync(join(directory, 'mariadb', 'data'));
}

/** Returns the URL of a directory's embedded database, if it answers. */
export async function runningEmbedded(directory: string): Promise<string | undefined> {
  if (!hasEmbeddedData(directory)) return undefined;
  const { socket } = await preparePlace(directory);
  const url = `mysql://root@localhost/codecraft?socketPath=${encodeURIComponent(socket)}`;
  const answers = await using(url, (database) => database.query('SELECT 1')).catch(() => undefined);
  return answers === undefined ? undefined : url;
}

async function using<T>(url: string, work: (database: Database) => Promise<T>): Promise<T> {
  const database = openDatabase({ url, poolSize: 2 });
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

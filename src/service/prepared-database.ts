import type { Logger } from 'pino';
import type { Config } from '../config/config.ts';
import { divideConnections, readConnectionLimit } from '../db/connection-budget.ts';
import { openDatabase } from '../db/database.ts';
import { startEmbeddedDatabase } from '../db/embedded/embedded-database.ts';
import { migrate } from '../migrate/migrate.ts';
import { type Part, Parts } from './parts.ts';

export interface PreparationDeps {
  readonly config: Pick<Config, 'database' | 'workers'>;
  readonly logger: Logger;
  readonly onError: (error: unknown, where: string) => void;
  readonly signal: AbortSignal | undefined;
}

/** A database that runs, allows enough connections, and has this version's schema. Closing it stops an embedded one. */
export interface PreparedDatabase extends Part {
  readonly url: string;
}

/**
 * Starts the embedded database unless another is configured, and migrates it.
 * @throws when the database cannot be reached or migrated, or allows too few connections; the signal's reason
 */
export async function prepareDatabase(deps: PreparationDeps): Promise<PreparedDatabase> {
  const { logger, onError, signal } = deps;
  const { database: config, workers } = deps.config;
  const log = (line: string) => logger.info(line);
  const opened = new Parts(onError);
  try {
    const url = config.kind === 'url' ? config.url : await startEmbedded(config.directory);
    const { warning } = divideConnections(await readConnectionLimit(url), config.poolSize, workers);
    if (warning !== undefined) logger.warn(warning);
    const database = openDatabase({ url, poolSize: 1 });
    try {
      await migrate(database, { log });
    } finally {
      await database.close();
    }
    signal?.throwIfAborted();
    return { url, close: () => opened.closeAll() };
  } catch (error) {
    await opened.closeAll();
    throw error;
  }

  async function startEmbedded(directory: string): Promise<string> {
    const embedded = await startEmbeddedDatabase({ directory, log, signal });
    opened.add('embedded database', { close: () => embedded.stop() });
    return embedded.url;
  }
}

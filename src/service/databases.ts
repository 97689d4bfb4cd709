import type { Logger } from 'pino';
import type { DatabaseConfig } from '../config/config.ts';
import { divideConnections, readConnectionLimit } from '../db/connection-budget.ts';
import { type Database, openDatabase } from '../db/database.ts';
import { DatabaseClock } from '../db/database-clock.ts';
import { startEmbeddedDatabase } from '../db/embedded/embedded-database.ts';
import { DatabaseProbe } from '../db/probe.ts';
import { migrate } from '../migrate/migrate.ts';
import { type Part, Parts } from './parts.ts';
import { Warnings } from './warnings.ts';

/** Time between two readings of the database's clock, ms. */
const CLOCK_SAMPLE_MS = 30_000;

export interface DatabasesDeps {
  readonly config: DatabaseConfig;
  readonly logger: Logger;
  readonly onError: (error: unknown, where: string) => void;
  readonly signal: AbortSignal | undefined;
}

/** Connections to one database: tasks never wait behind requests, and the probe behind neither. */
export interface Databases extends Part {
  /** For requests. */
  readonly database: Database;
  /** For leader tasks and node tasks. */
  readonly background: Database;
  readonly probe: DatabaseProbe;
  readonly databaseClock: DatabaseClock;
  readonly warnings: Pick<Warnings, 'lines'>;
  /** Connections of `database`. */
  readonly poolSize: number;
}

/**
 * Starts the embedded database unless another is configured, connects, and migrates.
 * @throws when the database cannot be reached or migrated; the signal's reason
 */
export async function openDatabases(deps: DatabasesDeps): Promise<Databases> {
  const { config, logger, onError, signal } = deps;
  const log = (line: string) => logger.info(line);
  const opened = new Parts(onError);
  try {
    const url = config.kind === 'url' ? config.url : await startEmbedded(config.directory);
    const connections = divideConnections(await readConnectionLimit(url), config.poolSize);
    if (connections.warning !== undefined) logger.warn(connections.warning);
    const poolSize = connections.pool;
    const database = opened.add('database', openDatabase({ url, poolSize }));
    const background = opened.add('background', openDatabase({ url, poolSize: connections.background }));
    const probe = opened.add('probe', new DatabaseProbe(background));
    await migrate(database, { log });
    signal?.throwIfAborted();
    const databaseClock = new DatabaseClock(background, { warn: (line) => logger.warn(line) });
    await databaseClock.sample();
    const warnings = new Warnings(background, logger, databaseClock);
    await warnings.check();
    return {
      database,
      background,
      probe,
      databaseClock,
      warnings,
      poolSize,
      nodeTasks: [
        warnings.task,
        { name: 'database clock', everyMs: CLOCK_SAMPLE_MS, run: () => databaseClock.sample() },
      ],
      close: () => opened.closeAll(),
    };
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

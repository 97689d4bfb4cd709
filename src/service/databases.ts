import { divideConnections, readConnectionLimit } from '../db/connection-budget.ts';
import { type Database, openDatabase } from '../db/database.ts';
import { DatabaseClock } from '../db/database-clock.ts';
import { DatabaseProbe } from '../db/probe.ts';
import { type Part, Parts } from './parts.ts';
import { type PreparationDeps, prepareDatabase } from './prepared-database.ts';
import { Warnings } from './warnings.ts';

/** Max wait of a task for the lock of a row, in s: one task serves many contests and players. */
const TASK_ROW_WAIT_S = 1;
/** Time between two readings of the database's clock, ms. */
const CLOCK_SAMPLE_MS = 30_000;

export interface DatabasesDeps extends PreparationDeps {
  /** Of a database that a supervisor prepared; undefined: it is prepared here. */
  readonly preparedUrl: string | undefined;
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
 * Connects to the database, prepared unless a supervisor did it.
 * @throws when the database cannot be reached or migrated; the signal's reason
 */
export async function openDatabases(deps: DatabasesDeps): Promise<Databases> {
  const { config, logger, onError, signal } = deps;
  const opened = new Parts(onError);
  try {
    const url = deps.preparedUrl ?? opened.add('prepared database', await prepareDatabase(deps)).url;
    const limit = await readConnectionLimit(url);
    const connections = divideConnections(limit, config.database.poolSize, config.workers);
    const poolSize = connections.pool;
    const database = opened.add('database', openDatabase({ url, poolSize }));
    const background = opened.add(
      'background',
      openDatabase({ url, poolSize: connections.background, rowWaitS: TASK_ROW_WAIT_S }),
    );
    const probe = opened.add('probe', new DatabaseProbe(background));
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
}

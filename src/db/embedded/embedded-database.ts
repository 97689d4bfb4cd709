import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection } from 'mysql2/promise';
import { backoffDelay } from '../../util/backoff.ts';
import { type Claim, claimDirectory } from './claim.ts';
import { ensureDataDirectory } from './data-directory.ts';
import { obtainMariaDb } from './install.ts';
import { preparePlace } from './place.ts';
import { endProcess, isRunning } from './process-identity.ts';
import { launchServer, type RunningServer } from './server.ts';

/**
 * MariaDB of this service, reachable only through a Unix socket by this user of this machine.
 *
 * `stop`, `kill` and `restart` set whether it should run. While it should, and is supervised, a mariadbd that exits by
 * itself is started again on the same data and the same socket. It survives a service that is killed; the next start on the
 * directory adopts it.
 */
export interface EmbeddedDatabase {
  /** For mysql2: `mysql://root@localhost/<database>?socketPath=<path>`. */
  readonly url: string;
  readonly socketPath: string;
  /** Process id of mariadbd; undefined while it does not run. */
  readonly pid: number | undefined;
  /** Shuts it down cleanly and releases the directory. Does nothing when it is down. */
  stop(): Promise<void>;
  /** Sends SIGKILL; resolves when the process is gone. It stays down until `restart`. */
  kill(): Promise<void>;
  /** Starts it again after `kill` or `stop`. */
  restart(): Promise<void>;
}

export interface EmbeddedDatabaseOptions {
  /** Directory of the data files. */
  readonly directory: string;
  /** Created if missing, in utf8mb4. Default `codecraft`. */
  readonly database?: string;
  /** Receives a line per step and problem. */
  readonly log?: (line: string) => void;
  /** Whether a mariadbd that exits by itself is started again. Default true. */
  readonly supervise?: boolean;
  /** Aborts the start: the installation ends, and no process is left running. */
  readonly signal?: AbortSignal | undefined;
}

const SHUTDOWN_BOUND_MS = 60_000;
/** Delays before the server is started again after it ended by itself. */
/** Delays before a server that ended by itself is started again. */
const RESTART = { minMs: 100, maxMs: 5_000 };
/** Uptime after which exits are counted anew. */
const STEADY_MS = 10_000;

/**
 * Starts the database of a directory; creates it, and installs MariaDB, where needed.
 *
 * @throws EmbeddedDatabaseError if MariaDB cannot be installed or does not start, or another process runs this directory; the
 * signal's reason.
 */
export async function startEmbeddedDatabase(options: EmbeddedDatabaseOptions): Promise<EmbeddedDatabase> {
  const { directory, database = 'codecraft', log = () => {}, supervise = true } = options;
  options.signal?.throwIfAborted();
  const place = await preparePlace(directory);
  let claim: Claim | undefined;
  let server: RunningServer | undefined;
  let exits = 0;
  let wanted = new AbortController(); // aborted: no longer wanted

  const alive = () => server !== undefined && isRunning(server.identity);

  let last: Promise<void> = Promise.resolve();
  function inOrder(work: () => Promise<void>): Promise<void> {
    const done = last.then(work);
    last = done.catch(() => {});
    return done;
  }

  async function launch(givenUp: AbortSignal): Promise<void> {
    const mariadb = await obtainMariaDb(log, undefined, givenUp);
    await ensureDataDirectory(place, mariadb, givenUp);
    server = await launchServer(place, mariadb, givenUp);
    if (!supervise) return;
    const { signal } = wanted;
    const startedAt = performance.now();
    void server.gone.then(() => inOrder(() => restartAfterExit(signal, startedAt)));
  }

  async function restartAfterExit(signal: AbortSignal, startedAt: number): Promise<void> {
    if (performance.now() - startedAt > STEADY_MS) exits = 0;
    while (!signal.aborted && !alive()) {
      log('the embedded database ended by itself; starting it again');
      const delayMs = backoffDelay(++exits, RESTART, { share: 0 });
      await sleep(delayMs, undefined, { signal, ref: false }).catch(() => {});
      if (!signal.aborted)
        await launch(signal).catch((error: Error) => {
          if (!signal.aborted) log(error.message);
        });
    }
  }

  async function up(): Promise<void> {
    if (alive()) return;
    wanted = new AbortController();
    const { signal } = wanted;
    claim ??= await claimDirectory(place.root);
    await launch(options.signal === undefined ? signal : AbortSignal.any([signal, options.signal]));
    await ensureDatabase(place.socket, database);
  }

  async function down(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    wanted.abort();
    if (!server || (await endProcess(server.identity, signal, SHUTDOWN_BOUND_MS))) return;
    log('the embedded database did not shut down in time; killing it');
    await endProcess(server.identity, 'SIGKILL', SHUTDOWN_BOUND_MS);
  }

  function stop(): Promise<void> {
    wanted.abort(); // at once, so that a restart under way stops
    return inOrder(async () => {
      await down('SIGTERM');
      await claim?.release();
      claim = undefined;
    });
  }

  function kill(): Promise<void> {
    wanted.abort();
    return inOrder(() => down('SIGKILL'));
  }

  try {
    await inOrder(up);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: `mysql://root@localhost/${encodeURIComponent(database)}?socketPath=${encodeURIComponent(place.socket)}`,
    socketPath: place.socket,
    get pid() {
      return alive() ? server?.identity.pid : undefined;
    },
    stop,
    kill,
    restart: () => inOrder(up),
  };
}

async function ensureDatabase(socketPath: string, database: string): Promise<void> {
  const connection = await createConnection({ socketPath, user: 'root' });
  try {
    await connection.query(
      `CREATE DATABASE IF NOT EXISTS ${connection.escapeId(database)} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci`,
    );
  } finally {
    await connection.end();
  }
}

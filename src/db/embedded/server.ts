import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fstatSync, openSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection } from 'mysql2/promise';
import { EmbeddedDatabaseError } from '../errors.ts';
import { endWithProcess } from './end-with-process.ts';
import type { MariaDb } from './find.ts';
import type { Place } from './place.ts';
import { endProcess, identify, isRunning, type ProcessIdentity, parseIdentity } from './process-identity.ts';

/** mariadbd that answers. */
export interface RunningServer {
  readonly identity: ProcessIdentity;
  /** Settles when it has exited, for any reason. Does not keep this process alive. */
  readonly gone: Promise<void>;
}

/** Max start-up time, in ms: crash recovery of a large database is slow. */
const START_BOUND_MS = 120_000;
/** Max time for a server of an earlier run to answer, in ms. */
const ADOPT_BOUND_MS = 30_000;
const KILL_BOUND_MS = 10_000;

/**
 * Adopts the server of an earlier run if it still answers, else starts a new one. The caller must hold the claim.
 *
 * It is killed with this process, should that exit without having stopped it.
 *
 * @param signal aborts the start and kills the server
 * @throws EmbeddedDatabaseError with the end of the server's log, if it does not start; the signal's reason.
 */
export async function launchServer(
  place: Place,
  mariadb: MariaDb,
  signal: AbortSignal,
): Promise<RunningServer> {
  const server = (await adoptServer(place, signal)) ?? (await spawnServer(place, mariadb, signal));
  const { identity } = server;
  const forget = endWithProcess(() => killIfRunning(identity));
  void server.gone.then(forget);
  return server;
}

function killIfRunning(identity: ProcessIdentity): void {
  if (isRunning(identity)) process.kill(identity.pid, 'SIGKILL');
}

async function adoptServer(place: Place, signal: AbortSignal): Promise<RunningServer | undefined> {
  const identity = parseIdentity(await readFile(place.serverRecord, 'utf8').catch(() => ''));
  if (!identity || !isRunning(identity)) return undefined;
  if (await answers(place.socket, identity, { boundMs: ADOPT_BOUND_MS, signal })) {
    return { identity, gone: watchAdopted(identity) };
  }
  await endProcess(identity, 'SIGKILL', KILL_BOUND_MS);
  return undefined;
}

async function spawnServer(place: Place, mariadb: MariaDb, signal: AbortSignal): Promise<RunningServer> {
  signal.throwIfAborted();
  const log = openSync(place.log, 'a', 0o600);
  const logStart = fstatSync(log).size;
  // A process group of its own: Ctrl-C reaches the service, which still needs its database to close down.
  const child = spawn(mariadb.program, serverOptions(place), {
    cwd: place.root,
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  if (child.pid === undefined) {
    const [error] = (await once(child, 'error')) as [Error];
    throw new EmbeddedDatabaseError(`${mariadb.program} could not be run: ${error.message}`);
  }
  child.unref();

  const identity = identify(child.pid);
  if (identity) {
    // Before any await: the next start after a kill -9 of this process must find the server.
    writeFileSync(place.serverRecord, JSON.stringify(identity), { mode: 0o600 });
    const forget = endWithProcess(() => killIfRunning(identity));
    try {
      if (await answers(place.socket, identity, { boundMs: START_BOUND_MS, signal }))
        return { identity, gone };
      await endProcess(identity, 'SIGKILL', KILL_BOUND_MS);
    } finally {
      forget();
    }
  }
  signal.throwIfAborted();
  const words = (await readFile(place.log)).subarray(logStart).toString().trim();
  const last = words.split('\n').slice(-12).join('\n');
  throw new EmbeddedDatabaseError(`The embedded database did not start. The end of ${place.log}:\n${last}`);
}

/** Whether the server answers within the bound; false as soon as its process is gone, or the caller gave up. */
async function answers(
  socketPath: string,
  identity: ProcessIdentity,
  { boundMs, signal }: { readonly boundMs: number; readonly signal: AbortSignal },
): Promise<boolean> {
  const deadline = performance.now() + boundMs;
  while (isRunning(identity) && performance.now() < deadline && !signal.aborted) {
    try {
      const connection = await createConnection({ socketPath, user: 'root', connectTimeout: 2_000 });
      await connection.end();
      return true;
    } catch {
      await sleep(50);
    }
  }
  return false;
}

/** Polls a process that is not our child, whose exit is not signalled. */
async function watchAdopted(identity: ProcessIdentity): Promise<void> {
  while (isRunning(identity)) await sleep(250, undefined, { ref: false });
}

/** Options of the server: reachable by its socket only, with a binary log so that what readers saw survives a crash. */
function serverOptions(place: Place): string[] {
  return [
    '--no-defaults',
    ...(process.getuid?.() === 0 ? ['--user=root'] : []),
    `--datadir=${place.data}`,
    `--tmpdir=${place.scratch}`,
    `--socket=${place.socket}`,
    '--pid-file=mariadb.pid',
    '--skip-networking',
    '--skip-name-resolve',
    '--log-bin=binlog',
    '--binlog-format=ROW',
    '--sync-binlog=1',
    '--innodb-flush-log-at-trx-commit=1',
    '--max-binlog-size=64M',
    '--loose-binlog-expire-logs-seconds=600',
    '--log-bin-trust-function-creators=1',
    '--transaction-isolation=READ-COMMITTED',
    '--idle-write-transaction-timeout=3',
    '--character-set-server=utf8mb4',
    '--collation-server=utf8mb4_unicode_ci',
    '--innodb-buffer-pool-size=128M',
    '--max-connections=500',
    '--performance-schema=off',
    '--event-scheduler=off',
  ];
}

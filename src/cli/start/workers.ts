import cluster from 'node:cluster';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import type { Config } from '../../config/config.ts';
import { completeSecrets } from '../../config/secret.ts';
import { endWithProcess } from '../../db/embedded/end-with-process.ts';
import { prepareDatabase } from '../../service/prepared-database.ts';
import { writeAssignment } from './assignment.ts';
import { CLOSE_TIMEOUT_MS, type ServeOptions, serve } from './serve.ts';
import { Supervisor, type WorkerEvents, type WorkerProcess } from './supervisor.ts';

/** What each worker runs: the service's own program, whatever program supervises. */
const PROGRAM = fileURLToPath(new URL('../../main.js', import.meta.url));
/** Time after a worker's own bound at which it is killed, ms. */
const GRACE_MS = 3_000;

/** Between a supervisor and its workers. */
type Message = { readonly stop: string } | { readonly listening: number };

/**
 * Supervises `config.workers` processes that serve one port, each a node of its own, until `signal` aborts. An embedded
 * database and the migrations are this process's. Resolves when everything is closed.
 * @throws as `createService` does; WorkerError
 */
export async function superviseWorkers(config: Config, logger: Logger, signal: AbortSignal): Promise<void> {
  const onError = (error: unknown, where: string) => logger.error({ err: error }, `${where} failed`);
  // Before several processes need one: the development secret is made once.
  await completeSecrets(config);
  const database = await prepareDatabase({ config, logger, onError, signal }).catch((error: unknown) => {
    if (signal.aborted) return undefined;
    throw error;
  });
  if (database === undefined) return;
  try {
    await supervise(database.url, config, logger, signal);
  } finally {
    await database.close?.();
  }
  logger.info('closed');
}

async function supervise(
  databaseUrl: string,
  config: Config,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  let greets = true;
  cluster.setupPrimary({ exec: PROGRAM, args: [] });
  const supervisor = new Supervisor({
    count: config.workers,
    spawn(number, events) {
      const assignment = writeAssignment({ number, databaseUrl, greets });
      greets = false;
      return fork({ ...assignment, WORKERS: String(config.workers) }, events);
    },
    log: (fields, message) => logger.warn(fields, message),
  });
  const keepNone = endWithProcess(() => supervisor.kill());
  const stopped = abortOf(signal).then(async () => {
    logger.info(`${signal.reason}: closing all workers; a second signal ends everything at once`);
    const late = setTimeout(() => supervisor.kill(), config.http.drainMs + CLOSE_TIMEOUT_MS + GRACE_MS);
    await supervisor.stop(String(signal.reason));
    clearTimeout(late);
  });
  try {
    const port = await Promise.race([supervisor.start(), stopped]);
    if (port !== undefined) logger.info({ port, workers: config.workers }, 'supervising workers');
    await stopped;
  } finally {
    keepNone();
  }
}

function abortOf(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve());
  });
}

/** Starts a process by node:cluster, which shares its listening sockets with the others'. */
function fork(env: Record<string, string>, events: WorkerEvents): WorkerProcess {
  const worker = cluster.fork(env);
  worker.on('message', (message: Message) => {
    if ('listening' in message) events.listening(message.listening);
  });
  worker.on('exit', (code, killedBy) => events.ended(killedBy ?? `code ${code}`));
  // A worker that is gone when it is sent something has ended, which is reported by itself.
  worker.on('error', () => {});
  return {
    pid: worker.process.pid,
    stop: (reason) => void worker.process.send({ stop: reason } satisfies Message, () => {}),
    kill: () => void worker.process.kill('SIGKILL'),
  };
}

/**
 * Runs the node of a worker. It closes when it gets a signal, when its supervisor asks, and when that is gone. Resolves when
 * it is closed and has left the supervisor.
 */
export async function serveAsWorker(options: ServeOptions, stop: (reason: string) => void): Promise<void> {
  process.on('message', (message: Message) => {
    if ('stop' in message) stop(message.stop);
  });
  cluster.worker?.on('disconnect', () => {
    // Else node:cluster exits here at once, without closing streams and answering what is in progress.
    if (cluster.worker) cluster.worker.exitedAfterDisconnect = true;
    stop('the supervisor is gone');
  });
  await serve({
    ...options,
    onListening: (listening) => process.send?.({ listening } satisfies Message),
  });
  if (process.connected) process.disconnect();
}

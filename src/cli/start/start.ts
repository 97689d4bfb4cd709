import { loadConfig } from '../../config/config.ts';
import { createLogger } from '../../service/logger.ts';
import type { Assignment } from './assignment.ts';
import { serve } from './serve.ts';
import { serveAsWorker, superviseWorkers } from './workers.ts';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Runs the service until `signal` aborts: in this process, or in several that this one supervises. Resolves when
 * everything is closed.
 * @throws ConfigError; as `createService` does
 */
export async function start(env: Env, signal: AbortSignal): Promise<void> {
  const config = loadConfig(env);
  const logger = createLogger(config);
  for (const line of config.notices) logger.warn(line);
  if (config.workers > 1) return superviseWorkers(config, logger, signal);
  return serve({ config, logger, signal });
}

/** Runs the node of a worker until `stopping` aborts. @throws as `start` */
export async function startWorker(
  assignment: Assignment,
  env: Env,
  stopping: AbortController,
): Promise<void> {
  const config = loadConfig(env);
  const logger = createLogger(config).child({ worker: assignment.number });
  await serveAsWorker({ config, logger, signal: stopping.signal, assignment }, (reason) =>
    stopping.abort(reason),
  );
}

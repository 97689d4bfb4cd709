import type { Logger } from 'pino';
import type { Config } from '../../config/config.ts';
import { completeSecrets } from '../../config/secret.ts';
import { greeting } from '../../greeting.ts';
import { createService, type Service } from '../../service/service.ts';
import { localUrl } from '../service-url.ts';
import type { Assignment } from './assignment.ts';

/** Max time to close after the drain, ms. Beyond it the process exits, and ends what it started. */
export const CLOSE_TIMEOUT_MS = 15_000;

export interface ServeOptions {
  readonly config: Config;
  readonly logger: Logger;
  /** Aborted when the process should close; with the reason. */
  readonly signal: AbortSignal;
  readonly assignment?: Assignment | undefined;
  /** Receives the port once the service listens. */
  readonly onListening?: (port: number) => void;
}

/** Runs one node in this process until `signal` aborts. Resolves when it is closed. */
export async function serve({
  config,
  logger,
  signal,
  assignment,
  onListening,
}: ServeOptions): Promise<void> {
  let service: Service | undefined;
  const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
  const closed = aborted.then(async () => {
    logger.info(`${signal.reason}: closing; a second signal ends everything at once`);
    setTimeout(() => {
      logger.error('the service did not close in time; exiting');
      process.exit(1);
    }, config.http.drainMs + CLOSE_TIMEOUT_MS).unref();
    if (service === undefined) return;
    await service.close();
    logger.info('closed');
  });
  try {
    service = await createService(config, logger, { signal, worker: assignment });
  } catch (error) {
    if (signal.aborted) return;
    throw error;
  }
  if (signal.aborted) return service.close();
  const port = await listening(service);
  logger.info({ port, host: config.http.host }, 'listening');
  onListening?.(port);
  const { demo } = service;
  // Prints tokens, so not in production, where the output goes to logs.
  if (
    demo &&
    config.mode !== 'production' &&
    config.auth.jwksUrl === undefined &&
    assignment?.greets !== false
  ) {
    const url = localUrl(config.http.host, port);
    process.stdout.write(await greeting(url, await completeSecrets(config), demo));
  }
  return closed;
}

/** Listens. Where that fails, closes the service, whose embedded database would keep running. */
async function listening(service: Service): Promise<number> {
  try {
    return await service.listen();
  } catch (error) {
    await service.close();
    throw error;
  }
}

import { existsSync } from 'node:fs';
import { loadEnvFile } from 'node:process';
import { explained } from './cli/failure.ts';
import { localUrl } from './cli/service-url.ts';
import { loadConfig } from './config/config.ts';
import { completeSecrets } from './config/secret.ts';
import { greeting } from './greeting.ts';
import { createLogger } from './service/logger.ts';
import { createService, type Service } from './service/service.ts';
import { onStopSignal } from './service/stop-signals.ts';

/** Max time to close after the drain, ms. Beyond it the process exits, and ends what it started. */
const CLOSE_TIMEOUT_MS = 15_000;

async function main(): Promise<void> {
  if (existsSync('.env')) loadEnvFile('.env');
  const config = loadConfig(process.env);
  const logger = createLogger(config);
  let service: Service | undefined;
  const stopping = new AbortController();
  onStopSignal((signal) => {
    logger.info(`${signal}: closing; a second signal ends everything at once`);
    setTimeout(() => {
      logger.error('the service did not close in time; exiting');
      process.exit(1);
    }, config.http.drainMs + CLOSE_TIMEOUT_MS).unref();
    stopping.abort();
    void service?.close().then(() => logger.info('closed'));
  });
  try {
    service = await createService(config, logger, stopping);
  } catch (error) {
    if (stopping.signal.aborted) return;
    throw error;
  }
  if (stopping.signal.aborted) return service.close();
  const port = await listening(service);
  logger.info({ port, host: config.http.host }, 'listening');
  const { demo } = service;
  // Prints tokens, so not in production, where the output goes to logs.
  if (demo && config.mode !== 'production' && config.auth.jwksUrl === undefined) {
    const url = localUrl(config.http.host, port);
    process.stdout.write(await greeting(url, await completeSecrets(config), demo));
  }
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

// Writing to a terminal that is gone fails; the service still closes.
for (const output of [process.stdout, process.stderr]) output.on('error', () => {});

main().catch((error: unknown) => {
  const unknown = () => (error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.stderr.write(`${explained(error) ?? unknown()}\n`);
  process.exit(1);
});

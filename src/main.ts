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

/** How long the service may take to close once it has drained, before it is ended with all it has started, in ms. */
const PATIENCE_MS = 15_000;

async function main(): Promise<void> {
  if (existsSync('.env')) loadEnvFile('.env');
  const config = loadConfig(process.env);
  const logger = createLogger(config);
  let service: Service | undefined;
  const stopping = new AbortController();
  onStopSignal((signal) => {
    logger.info(`${signal}: closing; a second signal ends everything at once`);
    setTimeout(() => {
      logger.error('closing took too long');
      process.exit(1);
    }, config.http.drainMs + PATIENCE_MS).unref();
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
  // Tokens in the output are for whoever tries it out; where it is run in earnest they would end up in logs.
  if (demo && config.mode !== 'production' && config.auth.jwksUrl === undefined) {
    const url = localUrl(config.http.host, port);
    process.stdout.write(await greeting(url, await completeSecrets(config), demo));
  }
}

/** Where that is not possible, nothing that was started is left behind: the embedded database would go on running. */
async function listening(service: Service): Promise<number> {
  try {
    return await service.listen();
  } catch (error) {
    await service.close();
    throw error;
  }
}

// Written to a terminal that is gone, they fail; what has to be closed is closed all the same.
for (const output of [process.stdout, process.stderr]) output.on('error', () => {});

main().catch((error: unknown) => {
  const unknown = () => (error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.stderr.write(`${explained(error) ?? unknown()}\n`);
  process.exit(1);
});

import { existsSync } from 'node:fs';
import { loadEnvFile } from 'node:process';
import { type Logger, pino } from 'pino';
import pretty from 'pino-pretty';
import { explained } from './cli/failure.ts';
import { localUrl } from './cli/service-url.ts';
import { completeSecrets } from './config/secret.ts';
import { type Config, loadConfig } from './config.ts';
import { greeting } from './greeting.ts';
import { createService, type Service } from './service.ts';

/** How long the service may take to close before it is ended, in ms. */
const PATIENCE_MS = 15_000;

async function main(): Promise<void> {
  if (existsSync('.env')) loadEnvFile('.env');
  const config = loadConfig(process.env);
  const logger = createLogger(config);
  let service: Service | undefined;
  let stopping = false;
  const stop = (signal: string) => {
    if (stopping) return;
    stopping = true;
    logger.info(`${signal}: closing`);
    setTimeout(() => {
      logger.error('closing took too long');
      process.exit(1);
    }, PATIENCE_MS).unref();
    void service?.close().then(() => logger.info('closed'));
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  service = await createService(config, logger);
  if (stopping) return service.close();
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

/** Lines for people while developing, JSON for machines otherwise. */
function createLogger(config: Config): Logger {
  const options = { level: config.log.level, base: null };
  if (config.mode !== 'development') return pino(options);
  return pino(options, pretty({ sync: true, translateTime: 'SYS:HH:MM:ss', singleLine: true }));
}

main().catch((error: unknown) => {
  const unknown = () => (error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.stderr.write(`${explained(error) ?? unknown()}\n`);
  process.exit(1);
});

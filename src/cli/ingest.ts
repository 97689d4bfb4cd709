import { loadConfig } from '../config/config.ts';
import { runIngest } from '../service/ingest.ts';
import { createLogger } from '../service/logger.ts';
import { parseDuration } from './arguments.ts';
import type { CliContext } from './context.ts';
import { CliFailure, EXIT } from './failure.ts';

export interface IngestCommandOptions {
  readonly stream: string;
  readonly group: string;
  readonly dead?: string;
  readonly claimAfter: string;
  readonly keep?: boolean;
  readonly once?: boolean;
  readonly port?: string;
}

/** Least time after which entries of another consumer are taken over, in seconds: a live one commits in less. */
const MIN_CLAIM_S = 1;

/** Moves the entries of a Redis stream into the log. */
export async function ingest(options: IngestCommandOptions, context: CliContext): Promise<void> {
  const { env, out, signal } = context;
  const config = loadConfig(env);
  if (config.redisUrl === undefined)
    throw new CliFailure('REDIS_URL is missing: expected the Redis with the stream.', EXIT.usage);
  const claimAfterS = parseDuration(options.claimAfter);
  if (claimAfterS === undefined || claimAfterS < MIN_CLAIM_S)
    throw new CliFailure(
      `--claim-after: "${options.claimAfter}" is not a time such as 30s or 5m.`,
      EXIT.usage,
    );
  const port = options.port === undefined ? undefined : Number(options.port);
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= 65_535))
    throw new CliFailure(`--port: "${options.port}" is not a port.`, EXIT.usage);
  const { stream, group } = options;
  const logger = createLogger(config, (bytes) => {
    out.write(Buffer.from(bytes).toString());
    return bytes.length;
  });
  await runIngest(
    config,
    {
      redisUrl: config.redisUrl,
      stream,
      group,
      deadLetters: options.dead ?? `${stream}:dead`,
      claimAfterMs: claimAfterS * 1_000,
      keep: options.keep === true,
      once: options.once === true,
      port,
    },
    logger,
    signal,
  );
}

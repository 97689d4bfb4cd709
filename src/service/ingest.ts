import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Logger } from 'pino';
import type { Config } from '../config/config.ts';
import { Ingest, type IngestStats } from '../events/ingest/ingest.ts';
import { openContests } from './contests.ts';
import { openCore } from './core.ts';
import { FailureLog } from './failure-log.ts';
import { openIngestStatus } from './ingest-status.ts';
import { Parts } from './parts.ts';

export interface IngestSettings {
  readonly redisUrl: string;
  readonly stream: string;
  readonly group: string;
  readonly deadLetters: string;
  readonly claimAfterMs: number;
  readonly keep: boolean;
  readonly once: boolean;
  /** Port of `/metrics` and `/ready`; undefined: none. */
  readonly port: number | undefined;
}

/** Interval between two lines about progress, ms. */
const PROGRESS_MS = 10_000;

/**
 * Moves the entries of a Redis stream into the log until the signal aborts, or with `once` until nothing is left.
 * @throws when the database cannot be reached or migrated at the start; afterwards every fault is waited out
 */
export async function runIngest(
  config: Config,
  settings: IngestSettings,
  logger: Logger,
  signal: AbortSignal,
): Promise<IngestStats> {
  const failures = new FailureLog(logger);
  const parts = new Parts(failures.onError);
  parts.add('failure log', failures);
  try {
    // Nothing is streamed from here, and this process is alone.
    const quiet = { ...config, workers: 1, stream: { ...config.stream, ring: { frames: 0, bytes: 0 } } };
    const core = parts.add(
      'core',
      await openCore(quiet, logger, failures, { nodeId: randomUUID(), preparedUrl: undefined, signal }),
    );
    const { publisher, taskPublisher } = core.log;
    const contests = openContests({ ...core, publisher, taskPublisher, relayPublisher: publisher });
    const { redisUrl: url, ...rest } = settings;
    const state = { redis: false, database: true };
    const ingest = new Ingest({
      ...rest,
      url,
      consumer: `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`,
      publisher: contests.announcer,
      onRedis(status, why) {
        state.redis = status === 'up';
        if (status === 'up') logger.info(`ingesting ${settings.stream} as ${settings.group}`);
        else logger.warn(`${settings.stream} cannot be read (${why}): its entries wait in Redis`);
      },
      onDatabase(status, why) {
        state.database = status === 'up';
        if (status === 'up') logger.info('events are committed again');
        else logger.warn(`events cannot be committed (${why}): entries wait in ${settings.stream}`);
      },
      onError: (error) => failures.onError(error, 'ingest'),
    });
    parts.add(
      'status',
      await openIngestStatus({ host: config.http.host, port: settings.port, ingest, state }),
    );
    let reported = total(ingest.stats);
    const progress = setInterval(async () => {
      const { stats } = ingest;
      if (total(stats) === reported) return;
      reported = total(stats);
      logger.info({ ...stats, ...(await ingest.backlog()) }, 'ingested');
    }, PROGRESS_MS).unref();
    await ingest.run(signal);
    clearInterval(progress);
    logger.info({ ...ingest.stats }, 'ingest ended');
    return ingest.stats;
  } finally {
    await parts.closeAll();
  }
}

const total = ({ published, duplicates, deadLetters, deleted }: IngestStats): number =>
  published + duplicates + deadLetters + deleted;

import { type LiveLog, type LiveLogOptions, openLiveLog } from '../channel/live-log.ts';
import type { Config } from '../config/config.ts';
import type { Database } from '../db/database.ts';
import type { DatabaseClock } from '../db/database-clock.ts';
import { createLogPublisher, type LogPublisher } from '../events/log-publisher.ts';
import { createSolveFinder } from '../events/retractions.ts';
import { AppendHealth } from '../log/append-health.ts';
import { Appender, type AppenderOptions } from '../log/appender.ts';
import { pruneLog } from '../log/retention.ts';
import type { LogRow } from '../log/row.ts';
import type { AppendProof } from '../log/source.ts';
import { createRestrictionReader } from '../platform/restriction-reader.ts';
import { type Part, Parts } from './parts.ts';

export interface LogPipeline extends LiveLog, Part {
  /** Whether this process's appends succeed. */
  readonly appends: AppendHealth;
  /** For requests. */
  readonly publisher: LogPublisher;
  /** For what a node does beside requests: it appends as `publisher` does, and never waits behind requests. */
  readonly taskPublisher: LogPublisher;
  /** Opens another publisher for tasks, with its own connection: for a part that waits for rows that others have locked. */
  openPublisher(name: string): LogPublisher;
  close(): Promise<void>;
}

export interface LogPipelineOptions extends LiveLogOptions {
  /** For requests. */
  readonly database: Database;
  /** For what a node does beside requests. Default: `database`. */
  readonly background?: Database;
  /** How long after its end a frozen contest holds the public XP of its participants, in days. */
  readonly holdDays?: number;
  /** Observes each of this process's commits. Must return at once: callers are answered later. */
  readonly onAppended?: (rows: readonly LogRow[], proof: AppendProof | undefined) => void;
}

/** Opens the log in this process: publishers append to it, and the follower delivers its rows to the channels. */
export async function openLogPipeline(options: LogPipelineOptions): Promise<LogPipeline> {
  const { database, background = database, onError } = options;
  const live = await openLiveLog(options);
  const opened = new Parts(onError);
  opened.add('follower', live.follower);

  const appends = new AppendHealth();

  function openAppender(name: string, onOutcome?: AppenderOptions['onOutcome']): Appender {
    return opened.add(
      name,
      new Appender({
        connect: () => database.connect({ multipleStatements: true }),
        onCommitted: (rows, proof) => {
          live.follower.offer(rows, proof);
          options.onAppended?.(rows, proof);
        },
        verifier: live.follower,
        ...(onOutcome ? { onOutcome } : {}),
        onError: (error) => onError(error, name),
      }),
    );
  }

  function publisherOver(append: Appender['append'], reads: Database): LogPublisher {
    return createLogPublisher({
      append,
      restrictions: createRestrictionReader(reads, options.holdDays),
      findSolve: createSolveFinder(reads),
    });
  }

  // Appenders of tasks may wait for locks of rows, which is no sign of the health of the log.
  const appender = openAppender('appender', appends.record);
  const append: Appender['append'] = (units) => appender.append(units);
  return {
    ...live,
    appends,
    publisher: publisherOver(append, database),
    taskPublisher: publisherOver(append, background),
    openPublisher(name) {
      const own = openAppender(name);
      return publisherOver((units) => own.append(units), background);
    },
    close: () => opened.closeAll(),
  };
}

/** Interval between deletions of expired rows, ms. */
const RETENTION_MS = 60_000;

/** Deletes expired rows of the log, as long as the database's clock can be trusted. */
export function openRetention(
  database: Database,
  retention: Config['retention'],
  clock: Pick<DatabaseClock, 'isTrusted'>,
): Part {
  return {
    leaderTasks: [
      {
        name: 'retention',
        everyMs: RETENTION_MS,
        async run(signal) {
          if (await clock.isTrusted()) await pruneLog(database, retention, { signal });
        },
      },
    ],
  };
}

import { type LiveLog, type LiveLogOptions, openLiveLog } from '../channel/live-log.ts';
import type { Database } from '../db/database.ts';
import { createLogPublisher, type LogPublisher } from '../events/log-publisher.ts';
import { Appender } from '../log/appender.ts';
import { readRestrictions } from '../platform/restrictions.ts';
import type { Releasers } from './releasers.ts';

export interface LogPipeline extends LiveLog {
  readonly publisher: LogPublisher;
  /** Another publisher with its own connection: for a part that may wait for rows that others have locked. */
  openPublisher(name: string): LogPublisher;
}

export interface LogPipelineOptions extends LiveLogOptions {
  readonly database: Database;
}

/** Opens the log in this process: publishers append to it, and the follower delivers its rows to the channels. */
export async function openLogPipeline(
  options: LogPipelineOptions,
  releasers: Releasers,
): Promise<LogPipeline> {
  const { database, onError } = options;
  const live = await openLiveLog(options);
  releasers.add('follower', () => live.follower.close());

  function openPublisher(name: string): LogPublisher {
    const appender = new Appender({
      connect: () => database.connect({ multipleStatements: true }),
      onCommitted: (rows, proof) => live.follower.offer(rows, proof),
      verifier: live.follower,
      onError: (error) => onError(error, name),
    });
    releasers.add(name, () => appender.close());
    return createLogPublisher({
      append: (units) => appender.append(units),
      restrictions: (contestIds) => readRestrictions(database, contestIds),
    });
  }

  return { ...live, publisher: openPublisher('appender'), openPublisher };
}

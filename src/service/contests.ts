import type { Grants } from '../auth/grants.ts';
import { type Announcer, createAnnouncer } from '../contest/announcer.ts';
import { runContestClock } from '../contest/contest-clock.ts';
import { runListingTask } from '../contest/listing-task.ts';
import type { Database } from '../db/database.ts';
import type { DatabaseClock } from '../db/database-clock.ts';
import type { LogPublisher } from '../events/log-publisher.ts';
import type { OutboxHandlers } from '../events/outbox/relay.ts';
import { contestRoutes } from '../http/contests.ts';
import type { PlatformClock } from '../platform/clock.ts';
import type { Part } from './parts.ts';

export interface ContestsDeps {
  /** For requests. */
  readonly database: Database;
  readonly databaseClock: Pick<DatabaseClock, 'now'>;
  readonly background: Database;
  readonly publisher: LogPublisher;
  /** For the contest clock. */
  readonly taskPublisher: LogPublisher;
  /** The relay's own publisher. */
  readonly relayPublisher: LogPublisher;
  readonly grants: Grants;
  readonly clock: PlatformClock;
  readonly cursor: () => string;
  readonly termAt: (id: number) => string;
  readonly onError: (error: unknown, where: string) => void;
}

export interface ContestsPart extends Part {
  /** Publisher of all other parts: it records announced transitions, so that the clock does not repeat them. */
  readonly announcer: Announcer;
  /** Publish the transitions that are read from the outbox. */
  readonly handlers: OutboxHandlers;
}

/** Delay before the clock runs again after an error, ms. */
const RETRY_MS = 1_000;

/** Opens the life cycle of contests: every transition is announced once, whichever source reports it. */
export function openContests(deps: ContestsDeps): ContestsPart {
  const {
    database,
    databaseClock,
    background,
    publisher,
    taskPublisher,
    relayPublisher,
    grants,
    clock,
    cursor,
    termAt,
    onError,
  } = deps;
  const announcer = createAnnouncer({ database, publisher, clock, termAt });
  const relayed = createAnnouncer({ database: background, publisher: relayPublisher, clock, termAt });
  const onListingError = (error: unknown) => onError(error, 'contest listing');
  const onClockError = (error: unknown) => onError(error, 'contest clock');
  return {
    announcer,
    handlers: {
      CONTEST_STATUS: (data, deletion) => relayed.announce({ type: 'CONTEST_STATUS', data }, [deletion]),
      CONTEST_END: (data, deletion) => relayed.announce({ type: 'CONTEST_END', data }, [deletion]),
    },
    routes: [contestRoutes({ database, now: databaseClock.now, grants, cursor, clock })],
    leaderTasks: [
      {
        name: 'contest clock',
        everyMs: RETRY_MS,
        run: (signal) =>
          runContestClock(
            { database: background, publisher: taskPublisher, clock, onError: onClockError },
            signal,
          ),
      },
      {
        name: 'contest listing',
        everyMs: RETRY_MS,
        run: (signal) =>
          runListingTask({ database: background, publisher, clock, onError: onListingError }, signal),
      },
    ],
  };
}

import { type Announcer, createAnnouncer } from '../contest/announcer.ts';
import { runContestClock } from '../contest/contest-clock.ts';
import type { Database } from '../db/database.ts';
import type { LogPublisher } from '../events/log-publisher.ts';
import type { OutboxHandlers } from '../events/outbox/relay.ts';
import type { PlatformClock } from '../platform/clock.ts';
import type { Duty } from './duties.ts';

export interface ContestClockDeps {
  readonly database: Database;
  readonly publisher: LogPublisher;
  /** The relay's own publisher. */
  readonly relayPublisher: LogPublisher;
  readonly clock: PlatformClock;
  readonly termAt: (id: number) => string;
  readonly onError: (error: unknown, where: string) => void;
}

export interface ContestClock {
  /** Publishes for everybody else, so that what was said of contests is not said again. */
  readonly announcer: Announcer;
  /** How what the outbox says of contests is published. */
  readonly handlers: OutboxHandlers;
  readonly duty: Duty;
}

/** How soon the clock is run again after it failed, in ms. */
const RETRY_MS = 1_000;

/** The clock of contests, and all others who tell of their statuses and ends: by way of one memory of what was told. */
export function openContestClock(deps: ContestClockDeps): ContestClock {
  const { database, publisher, relayPublisher, clock, termAt, onError } = deps;
  const announcer = createAnnouncer({ database, publisher, clock, termAt });
  const relayed = createAnnouncer({ database, publisher: relayPublisher, clock, termAt });
  return {
    announcer,
    handlers: {
      CONTEST_STATUS: (data, deletion) => relayed.announce({ type: 'CONTEST_STATUS', data }, [deletion]),
      CONTEST_END: (data, deletion) => relayed.announce({ type: 'CONTEST_END', data }, [deletion]),
    },
    duty: {
      name: 'contest clock',
      everyMs: RETRY_MS,
      run: (signal) =>
        runContestClock(
          { database, publisher, clock, onError: (error) => onError(error, 'contest clock') },
          signal,
        ),
    },
  };
}

import type { Database } from '../db/database.ts';
import { publishDeferred, publishReleased } from '../events/deferred.ts';
import { Relay, type RelayOptions } from '../events/outbox/relay.ts';
import { PacedEvents } from '../events/paced-events.ts';
import { withdrawExpired } from '../events/withdraw-expired.ts';
import { moveLateNotifications } from '../platform/adoption/late-notifications.ts';
import type { LogPipeline } from './log-pipeline.ts';
import type { Part } from './parts.ts';

export interface OutboxDeps extends Omit<RelayOptions, 'database' | 'onError'> {
  readonly database: Database;
  readonly log: Pick<LogPipeline, 'onRows'>;
  /** How long after its end a frozen contest still hides what follows from verdicts, in days. */
  readonly holdDays?: number;
  /** Time between two padded appends, ms. */
  readonly pacedMs: number;
  readonly onError: (error: unknown, where: string) => void;
}

/** Delay before the relay runs again after an error, ms. */
const RETRY_MS = 500;

/** Time between two polls for events whose freeze is over, ms. */
const DEFERRED_MS = 500;

/** Time between two polls for announcements that have expired, ms. */
const EXPIRED_MS = 500;

/** Time between two polls for notifications of a Socket.IO layer that is still loaded, ms. */
const LATE_MS = 1_000;

/** Time between two polls for events of players who are no longer held, ms. */
const RELEASED_MS = 60_000;

/** Opens the relay from the outbox to the log, and what appends the events that wait for the end of a freeze or an expiry. */
export function openOutbox({ onError, log, pacedMs, ...options }: OutboxDeps): Part {
  const relay = new Relay({ ...options, onError: (error) => onError(error, 'relay') });
  const paced = new PacedEvents({ ...options, onError: (error) => onError(error, 'paced events') });
  const deferred = {
    ...options,
    tooLarge: new Set<number>(),
    onError: (error: unknown) => onError(error, 'deferred events'),
  };
  log.onRows((rows) => paced.observe(rows));
  return {
    leaderTasks: [
      { name: 'relay', everyMs: RETRY_MS, run: (signal) => relay.run(signal) },
      { name: 'deferred events', everyMs: DEFERRED_MS, run: () => publishDeferred(deferred).then(() => {}) },
      { name: 'released events', everyMs: RELEASED_MS, run: () => publishReleased(deferred) },
      { name: 'expired announcements', everyMs: EXPIRED_MS, run: () => withdrawExpired(options) },
      { name: 'paced events', everyMs: pacedMs, run: () => paced.run() },
      {
        name: 'late notifications',
        everyMs: LATE_MS,
        run: () => moveLateNotifications(options.database).then(() => {}),
      },
    ],
  };
}

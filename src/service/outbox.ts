import type { Database } from '../db/database.ts';
import { publishDeferred } from '../events/deferred.ts';
import { Relay, type RelayOptions } from '../events/outbox/relay.ts';
import type { Part } from './parts.ts';

export interface OutboxDeps extends Omit<RelayOptions, 'database' | 'onError'> {
  readonly database: Database;
  readonly onError: (error: unknown, where: string) => void;
}

/** Delay before the relay runs again after an error, ms. */
const RETRY_MS = 500;

/** Time between two polls for events whose freeze is over, ms. */
const DEFERRED_MS = 500;

/** Opens the relay from the outbox to the log. */
export function openOutbox({ onError, ...options }: OutboxDeps): Part {
  const relay = new Relay({ ...options, onError: (error) => onError(error, 'relay') });
  return {
    leaderTasks: [
      { name: 'relay', everyMs: RETRY_MS, run: (signal) => relay.run(signal) },
      { name: 'deferred events', everyMs: DEFERRED_MS, run: () => publishDeferred(options).then(() => {}) },
    ],
  };
}

import { afterEach, beforeEach } from 'vitest';
import type { Database } from '../../../src/db/database.ts';
import type { LogPublisher, UncheckedEvent } from '../../../src/events/log-publisher.ts';
import type { RelayOptions } from '../../../src/events/outbox/relay.ts';
import { prepareDatabase, type TestDatabase } from '../../support/database/database.ts';
import { resetLog } from '../../support/database/log.ts';
import { openPublisher, type RunningRelay, startRelay } from '../../support/database/outbox.ts';

export interface OutboxFixture {
  readonly made: TestDatabase;
  readonly database: Database;
  /** A relay, stopped after the test. */
  relaying(options?: Partial<RelayOptions>): RunningRelay;
  /** A publisher, closed after the test. */
  publishing(): LogPublisher;
  /** What REST does. */
  publish(...events: UncheckedEvent[]): Promise<unknown>;
  /** Runs after the test; the last first. */
  closing(close: () => Promise<unknown>): void;
}

/** A database of the file's own with an empty outbox and an empty log for each test. */
export function prepareOutbox(): OutboxFixture {
  const made = prepareDatabase();
  const closers: (() => Promise<unknown>)[] = [];
  beforeEach(async () => {
    await resetLog(made.database);
    await made.database.execute('DELETE FROM event_outbox');
  });
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });
  return {
    made,
    database: made.database,
    relaying(options = {}) {
      const running = startRelay(made.database, options);
      closers.push(() => running.stop());
      return running;
    },
    publishing() {
      const publisher = openPublisher(made.database);
      closers.push(() => publisher.close());
      return publisher;
    },
    async publish(...events) {
      const publisher = openPublisher(made.database);
      return publisher.publishUnchecked(events).finally(() => publisher.close());
    },
    closing: (close) => void closers.push(close),
  };
}

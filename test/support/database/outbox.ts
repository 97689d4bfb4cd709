import { afterAll, expect } from 'vitest';
import type { Database, Queries } from '../../../src/db/database.ts';
import { createLogPublisher, type LogPublisher } from '../../../src/events/log-publisher.ts';
import { Relay, type RelayOptions } from '../../../src/events/outbox/relay.ts';
import type { AppenderOptions } from '../../../src/log/appender.ts';
import { readRestrictions } from '../../../src/platform/restrictions.ts';
import { until } from '../until.ts';
import { openAppender, wholeLog } from './log.ts';

export interface RunningRelay {
  readonly relay: Relay;
  /** What it reported, and what ended its runs. */
  readonly errors: unknown[];
  stop(): Promise<void>;
}

/** A publisher as the service makes it. The caller closes it. */
export function openPublisher(
  database: Database,
  options: Partial<AppenderOptions> = {},
): LogPublisher & { close(): Promise<void> } {
  const appender = openAppender(database, options);
  const publisher = createLogPublisher({
    append: (units) => appender.append(units),
    restrictions: (contestIds) => readRestrictions(database, contestIds),
  });
  return { ...publisher, close: () => appender.close() };
}

/** The publisher of a test file or of a block of tests, closed after the last. */
export function preparePublisher(database: Database): LogPublisher {
  const publisher = openPublisher(database);
  afterAll(() => publisher.close());
  return publisher;
}

/** A relay at work, begun again after each failure as the service does it, until it is stopped. */
export function startRelay(
  database: Database,
  { patienceMs = 5_000, ...options }: Partial<RelayOptions> & { readonly patienceMs?: number } = {},
): RunningRelay {
  const publisher = openPublisher(database, { patienceMs });
  const errors: unknown[] = [];
  const relay = new Relay({ database, publisher, onError: (error) => errors.push(error), ...options });
  const over = new AbortController();
  const running = (async () => {
    while (!over.signal.aborted) {
      await relay.run(over.signal).catch(async (error: unknown) => {
        errors.push(error);
        await new Promise((resolve) => setTimeout(resolve, 10));
      });
    }
  })();
  return {
    relay,
    errors,
    async stop() {
      over.abort();
      await running;
      await publisher.close();
    },
  };
}

/** An announcement to everybody as SQL publishes it. */
export function publishSql(database: Queries, title: string, key: string | null = null): Promise<unknown> {
  return insertRow(database, 'ANNOUNCEMENT', { title, message: 'm' }, key);
}

/** A row as any writer of SQL may write it; a text is taken for the payload as it is. @returns its id */
export async function insertRow(
  database: Queries,
  type: string,
  payload: unknown,
  key: string | null = null,
): Promise<number> {
  const { insertId } = await database.execute(
    'INSERT INTO event_outbox (type, payload, idempotency_key, created_at) VALUES (?, ?, ?, UTC_TIMESTAMP(3))',
    [type, typeof payload === 'string' ? payload : JSON.stringify(payload), key],
  );
  return insertId;
}

/** What is in the outbox, and why. */
export const outboxRows = (database: Queries) =>
  database.query<{ id: number; type: string; failed: number; attempts: number; error: string | null }>(
    'SELECT id, type, failed_at IS NOT NULL AS failed, attempts, error FROM event_outbox ORDER BY id',
  );

/** Waits until nothing waits any more. */
export const relayed = (database: Queries) =>
  until(async () => (await outboxRows(database)).every(({ failed }) => failed === 1), 30_000);

/** The title of each event of the log, in its order. */
export async function titlesIn(database: Database): Promise<string[]> {
  return (await wholeLog(database)).map(({ data }) => JSON.parse(data).title as string);
}

/** Every one of these, once each, in whatever order. */
export function expectSame(actual: readonly string[], expected: readonly string[]): void {
  expect(actual.toSorted()).toEqual(expected.toSorted());
}

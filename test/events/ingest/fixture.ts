import { randomUUID } from 'node:crypto';
import { Ingest, type IngestOptions } from '../../../src/events/ingest/ingest.ts';
import type { LogPublisher } from '../../../src/events/log-publisher.ts';
import type { RedisServer } from '../../support/redis-server.ts';

/** Consumer of a stream, in this process. */
export interface Running {
  readonly ingest: Ingest;
  /** Each change of Redis and of the database: `redis up`. */
  readonly changes: string[];
  readonly errors: unknown[];
  stop(): Promise<void>;
}

/** A stream of a test's own. */
export interface TestStream {
  readonly name: string;
  /** Adds entries, each with these fields. */
  add(...entries: Record<string, string>[]): Promise<void>;
  /** The entries of dead letters. */
  dead(): Promise<Record<string, string>[]>;
  /** Entries in the stream, and those that are not acknowledged. */
  left(): Promise<{ entries: number; pending: number }>;
  /** Starts a consumer. */
  start(publisher: Pick<LogPublisher, 'publishUnchecked'>, options?: Partial<IngestOptions>): Running;
}

export function createStream(redis: RedisServer, url = redis.url): TestStream {
  const name = `events:${randomUUID()}`;
  return {
    name,
    add: (...entries) =>
      redis.ask(async (client) => {
        await Promise.all(entries.map((fields) => client.xAdd(name, '*', fields)));
      }),
    dead: () =>
      redis.ask(async (client) =>
        ((await client.xRange(`${name}:dead`, '-', '+')) ?? []).map(({ message }) => ({ ...message })),
      ),
    left: () =>
      redis.ask(async (client) => ({
        entries: await client.xLen(name),
        pending: Number((await client.xInfoGroups(name)).at(0)?.pending ?? 0),
      })),
    start(publisher, options = {}) {
      const changes: string[] = [];
      const errors: unknown[] = [];
      const ingest = new Ingest({
        url,
        stream: name,
        deadLetters: `${name}:dead`,
        group: 'tests',
        consumer: randomUUID(),
        keep: false,
        once: false,
        claimAfterMs: 60_000,
        publisher,
        onRedis: (status) => changes.push(`redis ${status}`),
        onDatabase: (status) => changes.push(`database ${status}`),
        onError: (error) => errors.push(error),
        ...options,
      });
      const ending = new AbortController();
      const running = ingest.run(ending.signal);
      return {
        ingest,
        changes,
        errors,
        async stop() {
          ending.abort();
          await running;
        },
      };
    },
  };
}

/** Fields of an announcement to everybody. */
export const announcement = (
  message: string,
  extra: Record<string, string> = {},
): Record<string, string> => ({
  type: 'ANNOUNCEMENT',
  data: JSON.stringify({ title: 'T', message }),
  ...extra,
});

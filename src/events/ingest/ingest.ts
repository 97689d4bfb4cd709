import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '../../protocol/problem.ts';
import type { LogPublisher } from '../log-publisher.ts';
import { MAX_EVENTS } from '../log-publisher.ts';
import { faultReason, isContentFault } from '../outbox/fault.ts';
import { type IngestedEvent, readEntry, reason, type StreamEntry, sentenceOf } from './entry.ts';
import { EventStream, type EventStreamOptions } from './event-stream.ts';

export interface IngestOptions extends EventStreamOptions {
  readonly publisher: Pick<LogPublisher, 'publishUnchecked'>;
  /** Time without an acknowledgement after which entries of another consumer are taken over, ms. */
  readonly claimAfterMs: number;
  /** Whether to end when nothing is left to read. */
  readonly once: boolean;
  /** Observes each change of the connection to Redis. `why` names what failed. */
  readonly onRedis: (status: 'up' | 'down', why?: string) => void;
  /** Observes each change of whether events can be committed. */
  readonly onDatabase: (status: 'up' | 'down', why?: string) => void;
  /** Receives faults of the service itself. */
  readonly onError: (error: unknown) => void;
}

/** What was done since the start. */
export interface IngestStats {
  readonly published: number;
  /** Entries whose event was published before. */
  readonly duplicates: number;
  readonly deadLetters: number;
  /** Entries that were deleted from the stream before they were read. */
  readonly deleted: number;
}

/** Max entries of one read, and bytes after which a batch is not extended, so that memory is bounded. */
const PAGE = 100;
const BATCH_BYTES = 2 * 1024 * 1024;
/** Max rows of one append. */
const BATCH_ROWS = 2_000;
/** Max wait of Redis for a new entry, ms. */
const BLOCK_MS = 500;
/** Max interval between two attempts to take over entries of dead consumers, ms. */
const CLAIM_EVERY_MS = 5_000;
/** Time without a command after which a consumer that holds nothing is deleted, ms. */
const FORGET_AFTER_MS = 3_600_000;
/** Max delay before another attempt, ms. */
const MAX_RETRY_MS = 2_000;

/**
 * Moves the entries of a Redis stream into the log, in batches, as one consumer of a group. An entry is acknowledged after
 * COMMIT; each has an idempotency key, so that one that is delivered again is published once.
 */
export class Ingest {
  readonly #options: IngestOptions;
  #published = 0;
  #duplicates = 0;
  #deadLetters = 0;
  #deleted = 0;
  #stream: EventStream | undefined;
  #databaseFails = false;

  constructor(options: IngestOptions) {
    this.#options = options;
  }

  get stats(): IngestStats {
    const [published, duplicates] = [this.#published, this.#duplicates];
    return { published, duplicates, deadLetters: this.#deadLetters, deleted: this.#deleted };
  }

  get connected(): boolean {
    return this.#stream !== undefined;
  }

  /** Entries that wait; undefined while Redis is away. */
  async backlog() {
    return await this.#stream?.backlog().catch(() => undefined);
  }

  /** Runs until the signal aborts, or with `once` until nothing is left. The batch that is under way is finished. */
  async run(signal: AbortSignal): Promise<void> {
    const { onRedis } = this.#options;
    let status: 'up' | 'down' | undefined;
    const report = (now: 'up' | 'down', why?: string) => {
      if (now !== status) onRedis(now, why);
      status = now;
    };
    for (let failures = 0; !signal.aborted; ) {
      let stream: EventStream | undefined;
      try {
        stream = await EventStream.open(this.#options);
        this.#stream = stream;
        await this.#drain(stream, signal, () => {
          failures = 0;
          report('up');
        });
        await stream.forgetConsumers(FORGET_AFTER_MS, true);
        return;
      } catch (error) {
        if (signal.aborted) return;
        report('down', (error as Error).message);
        await pause(Math.min(MAX_RETRY_MS, 50 * 2 ** Math.min(failures++, 8)), signal);
      } finally {
        this.#stream = undefined;
        stream?.close();
      }
    }
  }

  async #drain(stream: EventStream, signal: AbortSignal, onAnswer: () => void): Promise<void> {
    const { claimAfterMs, once } = this.#options;
    // What was given to this consumer on a connection that failed.
    for (let after = '0-0'; !signal.aborted; ) {
      const entries = await stream.readPending(after, PAGE);
      onAnswer();
      const last = entries.at(-1);
      if (!last) break;
      await this.#ingest(stream, entries, signal);
      after = last.id;
    }
    for (let claimAt = 0; !signal.aborted; ) {
      if (performance.now() >= claimAt) {
        await this.#claim(stream, signal);
        claimAt = performance.now() + Math.min(CLAIM_EVERY_MS, claimAfterMs);
      }
      const entries = await this.#readBatch(stream);
      onAnswer();
      if (entries.length > 0) await this.#ingest(stream, entries, signal);
      else if (once) return;
    }
  }

  async #claim(stream: EventStream, signal: AbortSignal): Promise<void> {
    let from = '0-0';
    do {
      const { next, entries, deleted } = await stream.claim(this.#options.claimAfterMs, from, PAGE);
      this.#deleted += deleted;
      await this.#ingest(stream, entries, signal);
      from = next;
    } while (from !== '0-0' && !signal.aborted);
    await stream.forgetConsumers(FORGET_AFTER_MS);
  }

  /** Reads what one append takes, as far as it is there. */
  async #readBatch(stream: EventStream): Promise<StreamEntry[]> {
    const batch: StreamEntry[] = [];
    let bytes = 0;
    for (
      let blockMs = this.#options.once ? 0 : BLOCK_MS;
      batch.length < MAX_EVENTS && bytes < BATCH_BYTES;
      blockMs = 0
    ) {
      const page = await stream.readNew(Math.min(PAGE, MAX_EVENTS - batch.length), blockMs);
      batch.push(...page);
      for (const { fields } of page) for (const text of fields ?? []) bytes += text.length;
      if (page.length < PAGE) break;
    }
    return batch;
  }

  /** Publishes entries in their order and acknowledges each; those that cannot be published become dead letters. */
  async #ingest(stream: EventStream, entries: readonly StreamEntry[], signal: AbortSignal): Promise<void> {
    let batch = new Batch();
    const finish = async () => {
      await this.#publish(stream, batch.events, signal);
      batch = new Batch();
    };
    for (const entry of entries) {
      if (entry.fields === null) {
        this.#deleted++;
        await stream.acknowledge([entry.id]);
        continue;
      }
      const event = readEntry(this.#options.stream, entry);
      if (typeof event === 'string') {
        await this.#addDeadLetter(stream, entry, event);
        continue;
      }
      if (!batch.hasRoomFor(event)) await finish();
      batch.add(event);
    }
    await finish();
  }

  /** Publishes events together; where one cannot be, bisects them until it is alone. */
  async #publish(stream: EventStream, events: readonly IngestedEvent[], signal: AbortSignal): Promise<void> {
    if (events.length === 0) return;
    const failure = await this.#commit(events, signal);
    if (failure === undefined) return stream.acknowledge(events.map(({ entry }) => entry.id));
    const [only] = events as [IngestedEvent];
    if (events.length === 1)
      return this.#addDeadLetter(
        stream,
        only.entry,
        failure instanceof Problem ? reason(sentenceOf(failure)) : faultReason(failure),
      );
    const middle = events.length >> 1;
    await this.#publish(stream, events.slice(0, middle), signal);
    await this.#publish(stream, events.slice(middle), signal);
  }

  /**
   * Publishes events, and again for as long as that fails for reasons that are not theirs. Returns the failure otherwise.
   * @throws when the signal aborts
   */
  async #commit(events: readonly IngestedEvent[], signal: AbortSignal): Promise<unknown> {
    const { publisher, onError } = this.#options;
    for (let failures = 0; ; failures++)
      try {
        const published = await publisher.publishUnchecked(events.map(({ event }) => event));
        const duplicates = published.filter(({ duplicate }) => duplicate).length;
        this.#duplicates += duplicates;
        this.#published += published.length - duplicates;
        this.#reportDatabase(false);
        return undefined;
      } catch (error) {
        if (isOwn(error)) return error;
        if (!(error instanceof Problem)) onError(error);
        this.#reportDatabase(true, error);
        await pause(Math.min(MAX_RETRY_MS, 50 * 2 ** Math.min(failures, 8)), signal);
        signal.throwIfAborted();
      }
  }

  #reportDatabase(fails: boolean, error?: unknown): void {
    if (fails === this.#databaseFails) return;
    this.#databaseFails = fails;
    this.#options.onDatabase(fails ? 'down' : 'up', error instanceof Error ? error.message : undefined);
  }

  async #addDeadLetter(stream: EventStream, entry: StreamEntry, why: string): Promise<void> {
    await stream.addDeadLetter(entry, why);
    this.#deadLetters++;
  }
}

/** Events of one append. */
class Batch {
  readonly events: IngestedEvent[] = [];
  readonly #keys = new Set<string>();
  #bytes = 0;
  #rows = 0;

  /** A key that is used twice is published by two appends: the second one is a repeat, or a conflict. */
  hasRoomFor({ event, bytes, rows }: IngestedEvent): boolean {
    if (this.events.length === 0) return true;
    if (this.events.length >= MAX_EVENTS || this.#keys.has(event.idempotencyKey)) return false;
    return this.#bytes + bytes <= BATCH_BYTES && this.#rows + rows <= BATCH_ROWS;
  }

  add(event: IngestedEvent): void {
    this.events.push(event);
    this.#keys.add(event.event.idempotencyKey);
    this.#bytes += event.bytes;
    this.#rows += event.rows;
  }
}

/** Whether the content of the events is the cause, so that another attempt would fail again. */
function isOwn(error: unknown): boolean {
  return isContentFault(error) || (error instanceof Problem && error.code === 'idempotency-conflict');
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {});
}

import type { NewEvent } from '../protocol/event.ts';
import type { Backoff } from './backoff.ts';
import { createBuffer } from './buffer.ts';
import { createDelivery, type Retry } from './delivery.ts';
import { type Confirmation, createEntry, type Entry, quiet } from './entry.ts';
import { PublishError } from './error.ts';
import { type EventMethods, eventMethods } from './methods.ts';
import { post } from './post.ts';

export interface PublisherOptions {
  /** Where the service answers: `http://127.0.0.1:4400`, or `https://codecraft.example/live` where it is mounted. */
  readonly url: string | URL;
  /** A service token, or what gives one; asked before each request, so it may renew it. */
  readonly token: string | (() => string | Promise<string>);
  readonly fetch?: typeof fetch;
  /** Told once of every event that will not be published. Default: a line on `console.error`. */
  readonly onError?: (error: PublishError) => void;
  /** Told of every attempt that failed and will be repeated. Default: a line on `console.warn` for the first in a row. */
  readonly onRetry?: (retry: Retry) => void;
  /** How many events may wait; default 10,000. */
  readonly maxEvents?: number;
  /** What they may weigh as JSON, in bytes; default 16 MiB. */
  readonly maxBytes?: number;
  /** How long one request may take, in ms; default 10 s. */
  readonly timeoutMs?: number;
  /** How long to wait between attempts, in ms; default up to 200 after the first failure, up to 30,000 after many. */
  readonly backoff?: Backoff;
  /**
   * How long an event may wait, in ms; default one day. Keep it below the seven days for which the service remembers
   * keys: after them a repeat is a second event.
   */
  readonly giveUpAfterMs?: number;
}

/** An event, or several, handed in. Nothing needs to be done with it. */
export interface Receipt<T = Confirmation> {
  /** Resolves once it is durable. @throws PublishError when it will not be published. It need not be awaited. */
  readonly confirmed: Promise<T>;
}

/**
 * Publishes to the service, beside what the application does. A method hands its event to a buffer and returns; it never
 * throws, whatever state the service or the event is in. Events go out in the order they were handed in, one request at
 * a time, each until it is confirmed or dropped:
 *
 *     network, 401, 403, 404, 429, 5xx  → the same request again, after a wait that grows, for a day
 *     400, 409, 413, 422                → the event that is wrong is dropped, the others of its request go on
 *
 * The buffer lives in memory: what it holds when the process is killed is lost. What must be published if and only if a
 * transaction commits belongs into the outbox (`CALL live_publish`).
 */
export interface Publisher extends EventMethods<Receipt> {
  /** Several events, in this order, each for itself: one that is refused does not hold back the rest. */
  publish(events: NewEvent | readonly NewEvent[]): Receipt<readonly Confirmation[]>;
  /** Resolves once everything handed in so far is confirmed or dropped. Never rejects. */
  flush(): Promise<void>;
  /**
   * Takes no further events, tries once more at once, and drops what is not confirmed within `timeoutMs` (default
   * 5,000). Resolves when nothing is under way any more. Never rejects.
   */
  close(options?: { readonly timeoutMs?: number }): Promise<void>;
}

/** @throws TypeError when `url` is none */
export function createPublisher(options: PublisherOptions): Publisher {
  const { token, timeoutMs = 10_000, giveUpAfterMs = 24 * 3_600_000 } = options;
  const { fetch = globalThis.fetch, backoff = { minMs: 200, maxMs: 30_000 } } = options;
  const endpoint = endpointOf(options.url);
  const tellError = guarded(options.onError ?? logError);
  const tellRetry = guarded(options.onRetry ?? logRetry);
  const buffer = createBuffer(options.maxEvents ?? 10_000, options.maxBytes ?? 16 * 1024 * 1024);
  const delivery = createDelivery({
    buffer,
    post: (batch, stop) => post(batch, { endpoint, token, fetch, timeoutMs }, stop),
    backoff,
    giveUpAfterMs,
    onRetry: tellRetry,
    onDrop: (entry, reason, refusal) =>
      drop(entry, new PublishError(reason, entry.event, refusal && { refusal })),
  });
  let closed: Promise<void> | undefined;

  function drop(entry: Pick<Entry, 'reject'>, error: PublishError): void {
    entry.reject(error);
    tellError(error);
  }

  function take(event: NewEvent): Promise<Confirmation> {
    let entry: Entry;
    try {
      entry = createEntry(event, Date.now());
    } catch (cause) {
      const error = new PublishError('invalid', event, { cause });
      tellError(error);
      return quiet(Promise.reject(error));
    }
    if (closed) drop(entry, new PublishError('closed', entry.event));
    else if (!buffer.add(entry)) drop(entry, new PublishError('buffer-full', entry.event));
    else delivery.start();
    return entry.confirmed;
  }

  async function flush(): Promise<void> {
    await Promise.allSettled(buffer.all().map(({ confirmed }) => confirmed));
  }

  async function shut(withinMs: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, withinMs);
    });
    delivery.hurry();
    await Promise.race([flush(), late]);
    clearTimeout(timer);
    await delivery.stop();
    const left = [...buffer.all()];
    buffer.remove(left);
    for (const entry of left) drop(entry, new PublishError('closed', entry.event));
  }

  return {
    ...eventMethods((type, data, { idempotencyKey }) => {
      const event = { type, data, ...(idempotencyKey !== undefined && { idempotencyKey }) };
      return { confirmed: take(event as NewEvent) };
    }),
    publish: (events) => ({ confirmed: quiet(Promise.all([events].flat().map((event) => take(event)))) }),
    flush,
    close: ({ timeoutMs: withinMs = 5_000 } = {}) => {
      closed ??= shut(withinMs);
      return closed;
    },
  };
}

function endpointOf(url: string | URL): URL {
  const endpoint = new URL(url);
  endpoint.pathname = `${endpoint.pathname.replace(/\/+$/, '')}/events`;
  return endpoint;
}

/** A listener that throws is the application's fault, but must neither reach a request nor end the delivery. */
function guarded<T>(listener: (value: T) => void): (value: T) => void {
  return (value) => {
    try {
      listener(value);
    } catch (error) {
      console.error('codecraft-live: a listener of the publisher threw', error);
    }
  };
}

function logError(error: PublishError): void {
  console.error(`codecraft-live: ${error.message} (${error.event?.idempotencyKey ?? 'no key'})`);
}

function logRetry({ attempt, error, waiting }: Retry): void {
  if (attempt > 1) return;
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : '';
  console.warn(`codecraft-live: ${waiting} events wait, trying again: ${error.message}${cause}`);
}

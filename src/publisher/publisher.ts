import type { NewEvent } from '../protocol/event.ts';
import type { Backoff } from '../util/backoff.ts';
import { createBuffer } from './buffer.ts';
import { createDelivery, type Retry } from './delivery.ts';
import { type Confirmation, createEntry, type Entry, quiet } from './entry.ts';
import { PublishError } from './error.ts';
import { type EventMethods, eventMethods } from './methods.ts';
import { post } from './post.ts';

export interface PublisherOptions {
  /** Base URL of the service: `http://127.0.0.1:4400`, or `https://codecraft.example/live` where it is mounted. */
  readonly url: string | URL;
  /** Service token, or a function that returns one: called before each request, so that it can renew it. */
  readonly token: string | (() => string | Promise<string>);
  readonly fetch?: typeof fetch;
  /** Called once per event that will not be published. Default: a line on `console.error`. */
  readonly onError?: (error: PublishError) => void;
  /** Called for every failed attempt that will be repeated. Default: a line on `console.warn` for the first in a row. */
  readonly onRetry?: (retry: Retry) => void;
  /** Max events in the buffer; default 10,000. */
  readonly maxEvents?: number;
  /** Max size of the buffer as JSON, in bytes; default 16 MiB. */
  readonly maxBytes?: number;
  /** Max duration of a request, in ms; default 10 s. */
  readonly timeoutMs?: number;
  /** Wait between attempts, in ms; default up to 200 after the first failure, up to 30,000 after many. */
  readonly backoff?: Backoff;
  /**
   * Max age of an event in the buffer, in ms; default one day. Keep it below the seven days for which the service stores
   * keys: after them a repeat is a second event.
   */
  readonly giveUpAfterMs?: number;
}

/** Receipt of a call to publish. It may be ignored. */
export interface Receipt<T = Confirmation> {
  /** Resolves once durable. Rejects with a PublishError when it will not be published. It need not be awaited. */
  readonly confirmed: Promise<T>;
}

/**
 * Publishes to the service in the background. A method adds its event to a buffer and returns; it never throws, whatever
 * the state of the service or the event. Events are sent in order, one request at a time, until each is confirmed or
 * dropped:
 *
 *     network, 401, 403, 404, 429, 5xx  → the same request again, with backoff, for a day
 *     400, 409, 413, 422                → the wrong event is dropped, the others of its request are sent again
 *
 * The buffer lives in memory: its events are lost when the process is killed. An event that must be published if and only
 * if a transaction commits belongs in the outbox (`CALL live_publish`).
 */
export interface Publisher extends EventMethods<Receipt> {
  /** Publishes several events, in this order, each independently: a refused one does not affect the rest. */
  publish(events: NewEvent | readonly NewEvent[]): Receipt<readonly Confirmation[]>;
  /** Resolves once all events published so far are confirmed or dropped. Never rejects. */
  flush(): Promise<void>;
  /**
   * Accepts no further events, makes one more attempt at once, and drops what is not confirmed within `timeoutMs` (default
   * 5,000). Resolves when no request is under way. Never rejects.
   */
  close(options?: { readonly timeoutMs?: number }): Promise<void>;
}

/** Makes a publisher. @throws TypeError when `url` is not a URL */
export function createPublisher(options: PublisherOptions): Publisher {
  const { token, timeoutMs = 10_000, giveUpAfterMs = 24 * 3_600_000 } = options;
  const { fetch = globalThis.fetch, backoff = { minMs: 200, maxMs: 30_000 } } = options;
  const endpoint = endpointOf(options.url);
  const reportError = guarded(options.onError ?? logError);
  const reportRetry = guarded(options.onRetry ?? logRetry);
  const buffer = createBuffer(options.maxEvents ?? 10_000, options.maxBytes ?? 16 * 1024 * 1024);
  const delivery = createDelivery({
    buffer,
    post: (batch, stop) => post(batch, { endpoint, token, fetch, timeoutMs }, stop),
    backoff,
    giveUpAfterMs,
    onRetry: reportRetry,
    onDrop: (entry, reason, refusal) =>
      drop(entry, new PublishError(reason, entry.event, refusal && { refusal })),
  });
  let closed: Promise<void> | undefined;

  function drop(entry: Pick<Entry, 'reject'>, error: PublishError): void {
    entry.reject(error);
    reportError(error);
  }

  function take(event: NewEvent): Promise<Confirmation> {
    let entry: Entry;
    try {
      entry = createEntry(event, performance.now());
    } catch (cause) {
      const error = new PublishError('invalid', event, { cause });
      reportError(error);
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

/** Wraps a listener, so that an error that it throws neither reaches the caller nor ends the delivery. */
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

import type { Backoff } from '../util/backoff.ts';
import type { EntryBuffer } from './buffer.ts';
import type { Confirmation, Entry } from './entry.ts';
import type { DropReason, Refusal } from './error.ts';
import type { Answer } from './post.ts';
import { waitAfter } from './retry-after.ts';

/** Failed attempt that will be repeated. */
export interface Retry {
  readonly error: Error;
  /** Number of consecutive failures, from 1. */
  readonly attempt: number;
  /** Time until the repeat, in ms. */
  readonly waitMs: number;
  /** Number of events in the buffer. */
  readonly waiting: number;
}

export interface DeliveryOptions {
  readonly buffer: EntryBuffer;
  readonly post: (batch: readonly Entry[], stop: AbortSignal) => Promise<Answer>;
  readonly backoff: Backoff;
  /** Max age of an event in the buffer, in ms. */
  readonly giveUpAfterMs: number;
  readonly onRetry: (retry: Retry) => void;
  readonly onDrop: (entry: Entry, reason: DropReason, refusal?: Refusal) => void;
}

/** Delivers the buffer, one request at a time, in order, until each event is confirmed or dropped. */
export interface Delivery {
  /** Starts if idle. Events of the same turn of the event loop share a request. */
  start(): void;
  /** Ends the wait before the next attempt, or skips it if the current attempt fails. */
  hurry(): void;
  /** Aborts; resolves when no request is under way. The buffer keeps its events. */
  stop(): Promise<void>;
}

/** Max answers of 500 to one event alone before it is taken for the cause. */
const MAX_FAULTS = 8;

export function createDelivery(options: DeliveryOptions): Delivery {
  const { buffer, post, backoff, giveUpAfterMs, onRetry, onDrop } = options;
  const stopping = new AbortController();
  let running: Promise<void> | undefined;
  let endWait: (() => void) | undefined;
  let hurried = false;
  let failures = 0;
  /** Max events per request: halved to isolate an event that fails the rest, doubled by each success. */
  let limit: number | undefined;
  let faults = 0;

  async function run(): Promise<void> {
    await Promise.resolve();
    while (buffer.size > 0 && !stopping.signal.aborted) {
      dropExpired();
      const batch = buffer.front(limit);
      if (batch.length === 0) break;
      const answer = await post(batch, stopping.signal);
      if (answer.kind === 'accepted') accepted(batch, answer.confirmations);
      else if (stopping.signal.aborted) break;
      else if (answer.kind === 'refused') refused(batch, answer);
      else await failed(batch, answer);
    }
    running = undefined;
  }

  function accepted(batch: readonly Entry[], confirmations: readonly Confirmation[]): void {
    failures = 0;
    faults = 0;
    if (limit !== undefined) limit = limit < 500 ? limit * 2 : undefined;
    buffer.remove(batch);
    for (const [index, entry] of batch.entries()) entry.resolve(confirmations[index] as Confirmation);
  }

  function refused(batch: readonly Entry[], { refusal, errors }: Answer & { kind: 'refused' }): void {
    failures = 0;
    faults = 0;
    const named = [...errors].filter(([index]) => index < batch.length);
    if (named.length === 0) isolate(batch, refusal);
    for (const [index, wrong] of named) refuse(batch[index] as Entry, { ...refusal, errors: wrong });
  }

  async function failed(batch: readonly Entry[], answer: Answer & { kind: 'failed' }): Promise<void> {
    failures += 1;
    if (answer.status === 500) {
      if (batch.length === 1) faults += 1;
      if (batch.length > 1 || faults === MAX_FAULTS)
        isolate(batch, { status: 500, detail: answer.error.message, errors: [] });
    }
    if (buffer.size === 0) return;
    const waitMs = waitAfter(failures, backoff, answer.retryAfterMs);
    onRetry({ error: answer.error, attempt: failures, waitMs, waiting: buffer.size });
    await wait(waitMs);
  }

  /** Bisects a batch of which an unnamed event was refused, until that event is alone. */
  function isolate(batch: readonly Entry[], refusal: Refusal): void {
    faults = 0;
    if (batch.length > 1) limit = Math.ceil(batch.length / 2);
    else for (const entry of batch) refuse(entry, refusal);
  }

  function dropExpired(): void {
    const oldest = performance.now() - giveUpAfterMs;
    const late = buffer.all().filter(({ since }) => since < oldest);
    buffer.remove(late);
    for (const entry of late) onDrop(entry, 'expired');
  }

  function refuse(entry: Entry, refusal: Refusal): void {
    buffer.remove([entry]);
    onDrop(entry, 'refused', refusal);
  }

  function wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      endWait = () => {
        clearTimeout(timer);
        endWait = undefined;
        hurried = false;
        resolve();
      };
      const timer = setTimeout(endWait, ms);
      if (hurried || stopping.signal.aborted) endWait();
    });
  }

  return {
    start() {
      running ??= run();
    },
    hurry() {
      hurried = true;
      endWait?.();
    },
    async stop() {
      stopping.abort();
      endWait?.();
      await running;
    },
  };
}

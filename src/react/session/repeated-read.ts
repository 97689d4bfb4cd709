import { type ReconnectBounds, reconnectDelay } from '../../client/reconnect-delay.ts';

export interface RepeatedReadOptions {
  /** Reads once. Returns whether it succeeded; never rejects. */
  readonly read: () => Promise<boolean>;
  /** Whether the last failure may pass, and then what the service asks to wait, in ms; undefined: it is permanent. */
  readonly retryable: () => { readonly askedMs: number | undefined } | undefined;
  /** Called when no further read is under way. */
  readonly onEnd: () => void;
}

/** Read that is repeated: on request, once for requests during a read, and after failures with backoff. */
export interface RepeatedRead {
  /** Reads, or during a read makes it read once more. Resolves when that has ended. */
  now(): Promise<void>;
  /** Reads after a random delay, once for all calls until then: an event causes it in all viewers at the same time. */
  soon(): void;
  /** From here on, failed reads are retried. */
  start(): void;
  /** Cancels what is scheduled. Failed reads are not retried until `start`. */
  stop(): void;
}

/** Delays between attempts. */
const BACKOFF: ReconnectBounds = { firstMs: 1_000, mostMs: 30_000 };
/** Max random delay of `soon`, in ms. */
const MAX_JITTER_MS = 2_000;

export function createRepeatedRead({ read, retryable, onEnd }: RepeatedReadOptions): RepeatedRead {
  let reading: Promise<void> | undefined;
  let again = false;
  let failures = 0;
  let retries = false;
  let soonTimer: ReturnType<typeof setTimeout> | undefined;
  let retryTimer: ReturnType<typeof setTimeout> | undefined;

  function now(): Promise<void> {
    again = reading !== undefined;
    reading ??= run();
    return reading;
  }

  async function run(): Promise<void> {
    clearTimeout(retryTimer);
    let succeeded = true;
    do {
      again = false;
      succeeded = await read();
    } while (again);
    reading = undefined;
    failures = succeeded ? 0 : failures + 1;
    if (!succeeded) retryLater();
    onEnd();
  }

  function retryLater(): void {
    const wait = retries ? retryable() : undefined;
    if (wait === undefined) return;
    const ms = reconnectDelay({ failures, reason: undefined, ...wait }, BACKOFF, Math.random);
    retryTimer = setTimeout(() => void now(), ms);
  }

  return {
    now,
    soon() {
      soonTimer ??= setTimeout(() => {
        soonTimer = undefined;
        void now();
      }, Math.random() * MAX_JITTER_MS);
    },
    start() {
      retries = true;
    },
    stop() {
      retries = false;
      clearTimeout(soonTimer);
      clearTimeout(retryTimer);
      soonTimer = undefined;
    },
  };
}

import type { ConnectionOptions } from './connection-options.ts';
import { earlier } from './cursors.ts';
import { Deferred } from './deferred.ts';
import { reconnectDelay } from './reconnect-delay.ts';
import type { StreamAttempt } from './stream-attempt.ts';
import type { ScopeInput } from './types.ts';

/** What a stream is requested with. */
export interface StreamTarget {
  readonly scopes: readonly ScopeInput[];
  readonly cursor: string | undefined;
}

interface Change extends StreamTarget {
  readonly waiting: Deferred;
  /** Failed attempts, while the old stream continues. */
  failures: number;
}

/** Requested change of a connection's stream, with its callers, and the successor that takes over once it is open. */
export class Succession {
  readonly #options: Pick<ConnectionOptions, 'clock' | 'backoff' | 'random'>;
  readonly #attempt: (target: StreamTarget) => StreamAttempt;
  #change: Change | undefined;
  #stream: StreamAttempt | undefined;
  #timer: unknown;

  constructor(
    options: Pick<ConnectionOptions, 'clock' | 'backoff' | 'random'>,
    attempt: (target: StreamTarget) => StreamAttempt,
  ) {
    this.#options = options;
    this.#attempt = attempt;
  }

  /** The requested change; undefined where none is pending. */
  get target(): StreamTarget | undefined {
    return this.#change;
  }

  /** The successor, while it is being opened. */
  get stream(): StreamAttempt | undefined {
    return this.#stream;
  }

  /** Requests a change, in place of the pending one: both resolve together. */
  request(scopes: readonly ScopeInput[], from: string | undefined): Promise<void> {
    const waiting = this.#change?.waiting ?? new Deferred();
    const cursor = this.#change ? earlier(this.#change.cursor, from) : from;
    this.#change = { scopes, cursor, waiting, failures: 0 };
    return waiting.promise;
  }

  /** Opens the successor of the current stream. */
  open(): void {
    this.#options.clock.clearTimeout(this.#timer);
    this.#stream?.cancel();
    if (this.#change) this.#stream = this.#attempt(this.#change);
  }

  /** Opens another successor after a delay. */
  retry(askedMs: number | undefined): void {
    if (!this.#change) return;
    const { clock, backoff, random } = this.#options;
    const loss = { failures: ++this.#change.failures, reason: undefined, askedMs };
    this.#timer = clock.setTimeout(() => this.open(), reconnectDelay(loss, backoff, random));
  }

  /** Drops the successor, which has taken over or ended. */
  release(): void {
    this.#stream = undefined;
  }

  /** Ends the change. Returns the function that resolves its callers. */
  finish(): () => void {
    const done = this.#change;
    this.#change = undefined;
    return () => done?.waiting.resolve();
  }

  /** Ends the change, and rejects its callers. */
  fail(error: Error): void {
    this.#change?.waiting.reject(error);
    this.#change = undefined;
  }

  /** Closes the successor; the change stays. */
  cancel(): void {
    this.#options.clock.clearTimeout(this.#timer);
    this.#stream?.cancel();
    this.#stream = undefined;
  }
}

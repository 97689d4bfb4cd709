import type { StreamOpen } from '../protocol/control.ts';
import type { Clock, TokenReason } from './types.ts';

export interface TokenRefreshOptions {
  readonly clock: Clock;
  /** The stream and when it ends. */
  readonly open: StreamOpen;
  /** The service's clock. */
  readonly serverNow: () => number;
  /** Lets the stream go on with a token asked for this reason; answers until when it may, ISO 8601. */
  readonly extend: (streamId: string, reason: TokenReason) => Promise<string>;
  readonly onError: (error: unknown) => void;
}

/** So long before a stream ends it is given a new token, in ms; less where it lives for a short while only. */
const LEAD_MS = 60_000;
/** With less than this left it is not tried again: the stream ends, and the next one has a new token. Milliseconds. */
const LEAST_MS = 1_000;
/** Timers cannot wait longer, in ms. */
const LONGEST_MS = 2 ** 31 - 1;

/** Keeps a stream's right to go on ahead of its end, as long as longer tokens are to be had. */
export class TokenRefresh {
  readonly #options: TokenRefreshOptions;
  #timer: unknown;
  #expiresAt: number;
  #stopped = false;

  constructor(options: TokenRefreshOptions) {
    this.#options = options;
    this.#expiresAt = Date.parse(options.open.expiresAt);
    const left = this.#left();
    this.#wait(Math.max(left - LEAD_MS, left * 0.75));
  }

  /**
   * Extends the stream now.
   * @throws LiveError
   */
  async now(): Promise<void> {
    const { open, extend, clock } = this.#options;
    clock.clearTimeout(this.#timer);
    const before = this.#expiresAt;
    const after = Date.parse(await extend(open.streamId, 'expiring'));
    // A token that lasts no longer, or the stream's own greatest age: nothing more to be done.
    if (this.#stopped || !(after > before)) return;
    this.#expiresAt = after;
    const left = this.#left();
    this.#wait(Math.max(left - LEAD_MS, left * 0.75));
  }

  stop(): void {
    this.#stopped = true;
    this.#options.clock.clearTimeout(this.#timer);
  }

  #left(): number {
    return this.#expiresAt - this.#options.serverNow();
  }

  #wait(ms: number): void {
    const { clock, onError } = this.#options;
    if (this.#stopped) return;
    this.#timer = clock.setTimeout(
      () => {
        this.now().catch((error: unknown) => {
          if (this.#stopped) return;
          onError(error);
          const left = this.#left();
          if (left > LEAST_MS) this.#wait(left / 2);
        });
      },
      Math.min(ms, LONGEST_MS),
    );
  }
}

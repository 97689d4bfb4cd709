import type { StreamOpen } from '../protocol/control.ts';
import type { Clock, TokenReason } from './types.ts';

export interface TokenRefreshOptions {
  readonly clock: Clock;
  /** The stream and when it ends. */
  readonly open: StreamOpen;
  /** The service's clock. */
  readonly serverNow: () => number;
  /** Extends the stream with a new token. Returns its new end, ISO 8601. */
  readonly extend: (streamId: string, reason: TokenReason) => Promise<string>;
  readonly onError: (error: unknown) => void;
}

/** Time before the end of a stream at which its token is renewed, in ms; less for short streams. */
const LEAD_MS = 60_000;
/** Min remaining time for another attempt, in ms. After it the stream ends, and the next one has a new token. */
const MIN_LEFT_MS = 1_000;
/** Max delay of a timer, in ms. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Renews a stream's token ahead of its end, as long as `getToken` returns tokens that last longer. */
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
    // The token lasts no longer, or the stream has reached its max age.
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
          if (left > MIN_LEFT_MS) this.#wait(left / 2);
        });
      },
      Math.min(ms, MAX_TIMER_MS),
    );
  }
}

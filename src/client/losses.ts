import type { CloseReason } from '../protocol/control.ts';
import type { LiveError } from './live-error.ts';
import type { Disconnection } from './reconnect-delay.ts';
import type { StreamEnd } from './stream-attempt.ts';
import type { TokenReason } from './types.ts';

/** Losses of a connection since its last caught-up stream; the wait before the next stream follows from them. */
export class Losses implements Disconnection {
  failures = 0;
  /** Error of the last loss. */
  error: LiveError | undefined;
  reason: CloseReason | undefined;
  askedMs: number | undefined;
  /** Why the next stream asks for a token. */
  tokenReason: TokenReason = 'connect';

  add({ error, close, askedMs }: StreamEnd): void {
    this.failures++;
    this.error = error;
    this.reason = close?.reason;
    this.askedMs = askedMs;
    if (close?.reason === 'expired') this.tokenReason = 'expiring';
  }

  /** A stream has begun: what the last one requested of it is done. */
  streamBegan(): void {
    this.tokenReason = 'connect';
    this.askedMs = undefined;
  }

  streamCaughtUp(): void {
    this.failures = 0;
    this.error = undefined;
    this.reason = undefined;
  }
}

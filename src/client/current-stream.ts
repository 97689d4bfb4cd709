import type { StreamOpen } from '../protocol/control.ts';
import type { Frame } from '../protocol/frame.ts';
import type { Scope } from '../protocol/scope.ts';
import type { ConnectionOptions } from './connection-options.ts';
import type { LiveError } from './live-error.ts';
import type { StreamAttempt } from './stream-attempt.ts';
import { TokenRefresh } from './token-refresh.ts';
import type { ScopeInput } from './types.ts';

/** Stream that a connection delivers from, with its scopes, cursor and token; the scopes and the cursor outlive it. */
export class CurrentStream {
  readonly #options: Pick<ConnectionOptions, 'clock' | 'serverNow' | 'extend' | 'hasTokens' | 'listener'>;
  /** The stream, from its request on. */
  attempt: StreamAttempt | undefined;
  /** Scopes of the last stream that began. */
  scopes: readonly ScopeInput[] = [];
  /** Cursor of the last frame. */
  cursor: string | undefined;
  /** The scope that `player:me` stands for; undefined before the first stream. */
  me: Scope | undefined;
  /** Renews the token of the stream; undefined where there is none to renew. */
  refresh: TokenRefresh | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /**
   * Whether a stream that begins is of the same player as earlier ones. Tokens are checked before they are sent; a cookie
   * may have become another user's.
   */
  isOfSamePlayer({ request }: StreamAttempt, open: StreamOpen): boolean {
    const me = request.scopes.includes('player:me') ? open.scopes[0] : undefined;
    this.me ??= me;
    return me === undefined || me === this.me;
  }

  /** Replaces the stream by one that has begun. */
  takeOver(attempt: StreamAttempt, cursor: string): void {
    if (attempt !== this.attempt) this.attempt?.cancel();
    this.attempt = attempt;
    this.scopes = attempt.request.scopes;
    this.cursor = cursor;
  }

  /** Takes the cursor of a frame. Returns whether the frame is of this stream. */
  advance(attempt: StreamAttempt, { id }: Frame): boolean {
    if (attempt !== this.attempt) return false;
    // A stream that is closed before `stream-open` gives the cursor to start from.
    if (id !== '' && (attempt.open || this.cursor === undefined)) this.cursor = id;
    return true;
  }

  /** Renews the token of the stream before it ends. */
  renewToken(open: StreamOpen): void {
    const { hasTokens, listener } = this.#options;
    this.refresh?.stop();
    this.refresh = hasTokens
      ? new TokenRefresh({
          ...this.#options,
          open,
          onError: (error) => listener.problem(error as LiveError),
        })
      : undefined;
  }

  /** Closes the stream. */
  drop(): void {
    this.attempt?.cancel();
    this.refresh?.stop();
    this.attempt = undefined;
    this.refresh = undefined;
  }
}

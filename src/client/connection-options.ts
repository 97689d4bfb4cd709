import type { StreamOpen } from '../protocol/control.ts';
import type { Frame } from '../protocol/frame.ts';
import type { LiveError } from './live-error.ts';
import type { ReconnectBounds } from './reconnect-delay.ts';
import type { Transport } from './transport.ts';
import type { Clock, ConnectionStatus, PageLifecycle, ScopeInput, TokenReason } from './types.ts';

export interface ConnectionOptions {
  readonly transport: Transport;
  readonly scopes: readonly ScopeInput[];
  /** Cursor of the first stream, read once the token is known; `undefined`: only new events. */
  readonly cursor: () => string | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  readonly backoff: ReconnectBounds;
  readonly silentHeartbeats: number;
  readonly pageLifecycle: PageLifecycle;
  /** Whether `getToken` can replace a token that is refused or expires. */
  readonly hasTokens: boolean;
  readonly serverNow: () => number;
  /** Extends a stream with a new token. Returns its new end, ISO 8601. */
  readonly extend: (streamId: string, reason: TokenReason) => Promise<string>;
  readonly listener: ConnectionListener;
}

/** Receiver of what a connection delivers, in order. */
export interface ConnectionListener {
  /** A stream has begun; it delivers everything after the frame's cursor. */
  begin(open: StreamOpen, frame: Frame): void;
  frame(frame: Frame): void;
  comment(text: string): void;
  status(status: ConnectionStatus): void;
  problem(error: LiveError): void;
}

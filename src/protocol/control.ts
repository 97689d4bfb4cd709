import type { Scope } from './scope.ts';

/** Why the service ends a stream. Rows of sessions may also have `gone`, the client left, and `lost`, its node died. */
export const CLOSE_REASONS = {
  /** The token ran out. With a new one the client may come back. */
  expired: { reconnect: true },
  /** The token was revoked, the account blocked, or the right to its only scope lost. */
  revoked: { reconnect: false },
  /** An operator closed it. */
  disconnected: { reconnect: false },
  /** The client read too slowly. It resumes from its cursor. */
  slow: { reconnect: true },
  /** The service stops, or is at its limit. */
  shutdown: { reconnect: true },
  /** It reached its maximum age, lost one of several scopes, or its owner's role or player changed. */
  rotated: { reconnect: true },
  /** The player opened more streams than allowed, and this was the oldest. */
  replaced: { reconnect: false },
  /** The log was reset under the streams: what can be resumed is decided on the next connection. */
  reset: { reconnect: true },
} as const;

export type CloseReason = keyof typeof CLOSE_REASONS;

/** The data of `stream-open`, the first event of every stream. */
export interface StreamOpen {
  readonly streamId: string;
  readonly scopes: readonly Scope[];
  /** The cursor that the client asked for, as it was sent; cut at 64 characters. */
  readonly requested: string | null;
  /** Whether everything after the requested cursor follows. `false`: re-read what you show. */
  readonly recovered: boolean;
  /** With `recovered: false`: the positions within which rows are missing; those that are still kept are sent. */
  readonly lost?: { readonly after: number | null; readonly through: number };
  /** Transient types whose older messages were deleted. They only report that a state changed: read the state again. */
  readonly stale?: readonly string[];
  readonly heartbeatMs: number;
  /** When the stream will end, ISO 8601 in UTC. */
  readonly expiresAt: string;
  /** The service's clock, ISO 8601 in UTC. */
  readonly serverTime: string;
}

/** The data of `caught-up`: everything that was missed has been sent, what follows is live. */
export interface CaughtUp {
  readonly replayed: number;
}

/** The data of `stream-close`, the last event of a stream that the service ends. */
export interface StreamClose {
  readonly reason: CloseReason;
  readonly reconnect: boolean;
}

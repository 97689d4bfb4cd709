import type { StreamOpen } from '../../protocol/control.ts';
import type { Frame } from '../../protocol/frame.ts';
import type { ProblemCode } from '../../protocol/problem.ts';
import type { Scope } from '../../protocol/scope.ts';
import { type ClientFault, LiveError } from '../live-error.ts';
import type { ConnectionStatus, ScopeInput } from '../types.ts';

/** Request of a tab to join the stream. */
export interface JoinRequest {
  readonly tab: string;
  /** Sequence number of the request within its tab; answers carry it. */
  readonly ask: number;
  readonly scopes: readonly ScopeInput[];
  /** The tab's cursor; `undefined` before its first stream. */
  readonly cursor: string | undefined;
  /** Whether a new stream is required, because leaderboard snapshots are sent at its beginning only. */
  readonly fresh: boolean;
  /** Whether scopes that were refused before are requested again. */
  readonly again?: boolean;
}

/** Message from any tab to the leader. */
export type TabMessage =
  | ({ readonly kind: 'hello' } & JoinRequest)
  | { readonly kind: 'ping' | 'bye' | 'refresh' | 'reconnect' | 'wake'; readonly tab: string };

/** Message from the leader to all tabs, or to the one that `to` names. `term` increases with each leader. */
export type LeaderMessage = { readonly term: number; readonly to?: string } & (
  | { readonly kind: 'lead' }
  | { readonly kind: 'pong'; readonly known: boolean }
  | {
      readonly kind: 'begin';
      /** Sequence number of the messages to all tabs, by which a tab detects a gap. */
      readonly seq: number;
      readonly open: StreamOpen;
      readonly frame: Frame;
      /** The scope that `player:me` resolved to, if it was requested. */
      readonly me: Scope | undefined;
      /** The requests that this stream fulfils. */
      readonly answers: readonly { readonly tab: string; readonly ask: number }[];
    }
  | { readonly kind: 'frames'; readonly seq: number; readonly frames: readonly Frame[] }
  | { readonly kind: 'status'; readonly status: PackedStatus }
  | { readonly kind: 'problem'; readonly error: PackedError }
  | { readonly kind: 'refused'; readonly ask: number; readonly error: PackedError }
);

export type Message = TabMessage | LeaderMessage;

export function isLeaderMessage(message: Message): message is LeaderMessage {
  return 'term' in message;
}

/** Plain form of a `LiveError`: structured cloning drops the fields of an error. */
export interface PackedError {
  readonly code: ProblemCode | ClientFault;
  readonly message: string;
  readonly status: number | undefined;
  readonly scopes?: readonly string[];
}
export type PackedStatus = Omit<ConnectionStatus, 'error' | 'role' | 'refused'> & {
  readonly error: PackedError | undefined;
  /** Absent in tabs of an older version. */
  readonly refused?: readonly { readonly scope: ScopeInput; readonly error: PackedError }[];
};

export function packError({ code, message, status, scopes }: LiveError): PackedError {
  return { code, message, status, scopes };
}

export function unpackError({ code, message, status, scopes }: PackedError): LiveError {
  return new LiveError(code, message, { status, scopes });
}

export function packStatus({ error, refused, role: _, ...rest }: ConnectionStatus): PackedStatus {
  const packed = refused.map((one) => ({ scope: one.scope, error: packError(one.error) }));
  return { ...rest, error: error && packError(error), refused: packed };
}

export function unpackStatus(
  { error, refused = [], ...rest }: PackedStatus,
  role: ConnectionStatus['role'],
): ConnectionStatus {
  const unpacked = refused.map((one) => ({ scope: one.scope, error: unpackError(one.error) }));
  return { ...rest, error: error && unpackError(error), refused: unpacked, role };
}

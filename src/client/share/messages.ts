import type { StreamOpen } from '../../protocol/control.ts';
import type { Frame } from '../../protocol/frame.ts';
import type { ProblemCode } from '../../protocol/problem.ts';
import type { Scope } from '../../protocol/scope.ts';
import { type ClientFault, LiveError } from '../live-error.ts';
import type { ConnectionStatus, ScopeInput } from '../types.ts';

/** What a tab wants of the stream. */
export interface Ask {
  readonly tab: string;
  /** Counts the tab's asks: an answer names the one it is for. */
  readonly ask: number;
  readonly scopes: readonly ScopeInput[];
  /** Where the tab stands; `undefined`: nowhere yet. */
  readonly cursor: string | undefined;
  /** Whether only a new stream will do, since standings come whole at its beginning. */
  readonly fresh: boolean;
  /** Whether what was refused before is asked for again. */
  readonly again?: boolean;
}

/** From any tab to the leader. */
export type TabMessage =
  | ({ readonly kind: 'hello' } & Ask)
  | { readonly kind: 'ping' | 'bye' | 'refresh' | 'reconnect' | 'wake'; readonly tab: string };

/** From the leader to all tabs, or to the one that `to` names. `term` grows with every leader. */
export type LeaderMessage = { readonly term: number; readonly to?: string } & (
  | { readonly kind: 'lead' }
  | { readonly kind: 'pong'; readonly known: boolean }
  | {
      readonly kind: 'begin';
      /** Counts what goes to all, so that a tab notices that it missed something. */
      readonly seq: number;
      readonly open: StreamOpen;
      readonly frame: Frame;
      /** Who `player:me` is, if it was asked for. */
      readonly me: Scope | undefined;
      /** The asks that this stream fulfils. */
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

/** An error's own fields do not survive being posted to another tab. */
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

import type { EventType } from '../protocol/event.ts';
import type { Frame } from '../protocol/frame.ts';
import { type LiveError, networkError } from './live-error.ts';
import type { ScopeInput, TokenReason } from './types.ts';

export interface StreamRequest {
  /** One or more. */
  readonly scopes: readonly ScopeInput[];
  /** Cursor; `undefined`: only new events. Read it once there is a token, which names its user. */
  readonly cursor: string | undefined;
  readonly tokenReason: TokenReason;
}

/** Events of a stream; none after it was cancelled. */
export interface StreamEvents {
  frame(frame: Frame): void;
  /** A comment, or a part of a frame, was received. */
  activity(comment?: string): void;
  /** The service requests this wait before a reconnection, in ms. */
  retry(ms: number): void;
  /** The stream broke, ended, or was refused. Called once. */
  ended(error: LiveError): void;
}

/** Means of opening event streams. */
export interface Transport {
  /** Whether it reports comments. */
  readonly seesComments: boolean;
  /** Number of these scopes, from the first, that fit in one request. */
  fitting(scopes: readonly ScopeInput[]): number;
  /** Opens a stream. Returns a function that cancels it. */
  open(request: StreamRequest, events: StreamEvents): () => void;
}

/** Reads one stream until it ends or is aborted; rejects with the reason of the end. */
export type Read = (request: StreamRequest, events: StreamEvents, signal: AbortSignal) => Promise<void>;

export function transportBy(read: Read, seesComments: boolean, fitting: Transport['fitting']): Transport {
  return {
    seesComments,
    fitting,
    open(request, events) {
      const abort = new AbortController();
      read(request, events, abort.signal).catch((error: unknown) => {
        if (!abort.signal.aborted) events.ended(networkError(error));
      });
      return () => abort.abort();
    },
  };
}

/** Max length of a stream's address, in characters: proxies take request lines of 8 KiB. */
export const MAX_URL = 8_000;
/** Max scopes with a parameter each, which every version of the service accepts. */
const MAX_SEPARATE = 50;
/** Length reserved for a cursor, in characters. */
const RESERVED = 100;

/**
 * URL of a stream. `player:me` comes first, so that the first scope of `stream-open` is the player's own. Many scopes are
 * separated by commas.
 */
export function streamUrl(
  base: string,
  scopes: readonly ScopeInput[],
  types: readonly EventType[] | undefined,
  extra: Readonly<Record<string, string | undefined>> = {},
): string {
  const query = new URLSearchParams();
  if (scopes.length <= MAX_SEPARATE) for (const scope of ownFirst(scopes)) query.append('scope', scope);
  if (types) query.set('types', types.join(','));
  for (const [name, value] of Object.entries(extra)) if (value !== undefined) query.set(name, value);
  // A query may contain colons and commas (RFC 3986 § 3.4): encoded, each would take three characters.
  const many = scopes.length > MAX_SEPARATE ? `scope=${ownFirst(scopes).join()}` : '';
  return `${base}/streams?${[many, `${query}`].filter((part) => part !== '').join('&')}`;
}

/** Number of these scopes, from the first, that fit in a URL. */
export function fittingUrl(
  base: string,
  types: readonly EventType[] | undefined,
  scopes: readonly ScopeInput[],
): number {
  let left = MAX_URL - RESERVED - streamUrl(base, [], types).length;
  const over = scopes.findIndex((scope) => {
    left -= scope.length + 1;
    return left < 0;
  });
  return over === -1 ? scopes.length : over;
}

export function ownFirst(scopes: readonly ScopeInput[]): ScopeInput[] {
  const others = scopes.filter((scope) => scope !== 'player:me');
  return others.length < scopes.length ? ['player:me', ...others] : others;
}

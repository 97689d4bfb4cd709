import type { EventType } from '../protocol/event.ts';
import type { Frame } from '../protocol/frame.ts';
import { type LiveError, networkError } from './live-error.ts';
import type { ScopeInput, TokenReason } from './types.ts';

export interface StreamRequest {
  /** One or more. */
  readonly scopes: readonly ScopeInput[];
  /** Where to resume; `undefined`: now. To be read when there is a token: it says whose cursor it is. */
  readonly cursor: string | undefined;
  readonly tokenReason: TokenReason;
}

/** What a stream tells while it is open; nothing any more once it was cancelled. */
export interface StreamEvents {
  frame(frame: Frame): void;
  /** Something was heard that is no frame: a comment, or a part of a frame. */
  heard(comment?: string): void;
  /** The service asks to wait so long before coming back, in ms. */
  retry(ms: number): void;
  /** Once: the stream broke, ended, or was not had. */
  ended(error: LiveError): void;
}

/** A way to open event streams. */
export interface Transport {
  /** Whether keepalive comments are seen. */
  readonly hearsComments: boolean;
  /** How many of these scopes, from the first, one request can ask for. */
  fitting(scopes: readonly ScopeInput[]): number;
  /** Opens a stream. Returns how to cancel it. */
  open(request: StreamRequest, events: StreamEvents): () => void;
}

/** Reads one stream until it ends, and throws why; or until it is let go of. */
export type Read = (request: StreamRequest, events: StreamEvents, signal: AbortSignal) => Promise<void>;

export function transportBy(read: Read, hearsComments: boolean, fitting: Transport['fitting']): Transport {
  return {
    hearsComments,
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
/** Up to so many scopes each has a parameter of its own, which every version of the service understands. */
const SEPARATE = 50;
/** Left free for a cursor, in characters. */
const RESERVED = 100;

/**
 * The address of a stream. `player:me` comes first, so that the first of the scopes it answers with is the player's own.
 * Many scopes are separated by commas.
 */
export function streamUrl(
  base: string,
  scopes: readonly ScopeInput[],
  types: readonly EventType[] | undefined,
  extra: Readonly<Record<string, string | undefined>> = {},
): string {
  const query = new URLSearchParams();
  if (scopes.length <= SEPARATE) for (const scope of ownFirst(scopes)) query.append('scope', scope);
  if (types) query.set('types', types.join(','));
  for (const [name, value] of Object.entries(extra)) if (value !== undefined) query.set(name, value);
  // Colons and commas may stand in a query as they are (RFC 3986 § 3.4): encoded, each would weigh three.
  const many = scopes.length > SEPARATE ? `scope=${ownFirst(scopes).join()}` : '';
  return `${base}/streams?${[many, `${query}`].filter((part) => part !== '').join('&')}`;
}

/** How many of these scopes, from the first, an address holds. */
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

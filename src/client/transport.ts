import type { EventType } from '../protocol/event.ts';
import type { Frame } from '../protocol/frame.ts';
import { type LiveError, networkError } from './live-error.ts';
import type { ScopeInput, TokenReason } from './types.ts';

export interface StreamRequest {
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
  /** Opens a stream. Returns how to cancel it. */
  open(request: StreamRequest, events: StreamEvents): () => void;
}

/** Reads one stream until it ends, and throws why; or until it is let go of. */
export type Read = (request: StreamRequest, events: StreamEvents, signal: AbortSignal) => Promise<void>;

export function transportBy(read: Read, hearsComments: boolean): Transport {
  return {
    hearsComments,
    open(request, events) {
      const abort = new AbortController();
      read(request, events, abort.signal).catch((error: unknown) => {
        if (!abort.signal.aborted) events.ended(networkError(error));
      });
      return () => abort.abort();
    },
  };
}

/** The address of a stream. `player:me` comes first, so that the first of the scopes it answers with is the player's own. */
export function streamUrl(
  base: string,
  scopes: readonly ScopeInput[],
  types: readonly EventType[] | undefined,
  extra: Readonly<Record<string, string | undefined>> = {},
): string {
  const query = new URLSearchParams();
  for (const scope of ownFirst(scopes)) query.append('scope', scope);
  if (types) query.set('types', types.join(','));
  for (const [name, value] of Object.entries(extra)) if (value !== undefined) query.set(name, value);
  return `${base}/streams?${query}`;
}

function ownFirst(scopes: readonly ScopeInput[]): ScopeInput[] {
  const others = scopes.filter((scope) => scope !== 'player:me');
  return others.length < scopes.length ? ['player:me', ...others] : others;
}

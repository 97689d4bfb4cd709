import type { EventType } from '../protocol/event.ts';
import type { Credentials } from './credentials.ts';
import { CONTROL_NAMES, EVENT_NAMES } from './event-names.ts';
import { errorOf, LiveError } from './live-error.ts';
import { type Read, type StreamRequest, streamUrl } from './transport.ts';
import type { GetTicket } from './types.ts';

export interface EventSourceTransportOptions {
  readonly base: string;
  readonly types: readonly EventType[] | undefined;
  readonly credentials: Credentials;
  readonly getTicket: GetTicket | undefined;
  readonly fetch: typeof globalThis.fetch;
  readonly EventSource: typeof globalThis.EventSource;
}

/**
 * Streams by the browser's own `EventSource`, with a ticket or with the cookie. It shows no comment, no status and no
 * `retry:`, and it reconnects by itself; so it is closed at its first error, and a request that opens nothing asks why.
 */
export function readByEventSource(options: EventSourceTransportOptions): Read {
  const { base, types, credentials, getTicket, fetch, EventSource } = options;

  async function ticketFor({ scopes, tokenReason }: StreamRequest): Promise<string | undefined> {
    if (getTicket) {
      try {
        return await getTicket(scopes);
      } catch (cause) {
        throw new LiveError('no-token', 'no ticket could be had', { cause });
      }
    }
    if (!credentials.hasToken) return undefined;
    const { headers, credentials: mode } = await credentials.init(tokenReason);
    const response = await fetch(`${base}/tickets`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ scopes }),
      credentials: mode,
    });
    if (!response.ok) throw await errorOf(response);
    return ((await response.json()) as { ticket: string }).ticket;
  }

  /** Why a stream was not had: a HEAD is judged like a GET and opens nothing. */
  async function explain(url: string, withCredentials: boolean): Promise<LiveError> {
    const response = await fetch(url, {
      method: 'HEAD',
      credentials: withCredentials ? 'include' : 'same-origin',
      cache: 'no-store',
    });
    return response.ok ? new LiveError('network', 'the connection broke') : errorOf(response);
  }

  return async (request, events, signal) => {
    const ticket = await ticketFor(request);
    if (signal.aborted) return;
    const url = streamUrl(base, request.scopes, types, { lastEventId: request.cursor, ticket });
    const withCredentials = ticket === undefined;
    const source = new EventSource(url, { withCredentials });
    signal.addEventListener('abort', () => source.close(), { once: true });
    let begun = false;
    for (const event of [...CONTROL_NAMES, ...EVENT_NAMES])
      source.addEventListener(event, ({ data, lastEventId }: MessageEvent<string>) => {
        begun = true;
        if (!signal.aborted) events.frame({ event, id: lastEventId, data });
      });
    await new Promise<void>((resolve) => {
      source.onerror = () => resolve();
    });
    source.close();
    if (signal.aborted) return;
    throw begun ? new LiveError('network', 'the connection ended') : await explain(url, withCredentials);
  };
}

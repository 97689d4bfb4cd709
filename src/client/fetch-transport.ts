import { createParser } from 'eventsource-parser';
import type { EventType } from '../protocol/event.ts';
import type { Credentials } from './credentials.ts';
import { errorOf, LiveError } from './live-error.ts';
import { type Read, streamUrl } from './transport.ts';

export interface FetchTransportOptions {
  readonly base: string;
  readonly types: readonly EventType[] | undefined;
  readonly credentials: Credentials;
  readonly fetch: typeof globalThis.fetch;
}

/** Streams by `fetch`: with headers, every byte heard, and every refusal understood. */
export function readByFetch({ base, types, credentials, fetch }: FetchTransportOptions): Read {
  return async (request, events, signal) => {
    const { headers, credentials: mode } = await credentials.init(request.tokenReason);
    signal.throwIfAborted();
    const response = await fetch(streamUrl(base, request.scopes, types), {
      headers: {
        accept: 'text/event-stream',
        ...headers,
        ...(request.cursor === undefined ? {} : { 'last-event-id': request.cursor }),
      },
      credentials: mode,
      cache: 'no-store',
      signal,
    });
    if (response.status !== 200) throw await errorOf(response);
    if (!response.headers.get('content-type')?.startsWith('text/event-stream') || !response.body) {
      await response.body?.cancel();
      throw new LiveError('unexpected-answer', 'what answered is not the service', { status: 200 });
    }
    const parser = createParser({
      onEvent: ({ event = 'message', id = '', data }) => {
        if (!signal.aborted) events.frame({ event, id, data });
      },
      onComment: (comment) => {
        if (!signal.aborted) events.heard(comment);
      },
      onRetry: (ms) => {
        if (!signal.aborted) events.retry(ms);
      },
    });
    const decoder = new TextDecoder();
    const reader = response.body.getReader();
    // Whatever answers may be no real network, which would end the body by itself.
    signal.addEventListener('abort', () => void reader.cancel().catch(() => {}), { once: true });
    for (;;) {
      const { done, value } = await reader.read();
      if (done) throw new LiveError('network', 'the connection ended');
      events.heard();
      parser.feed(decoder.decode(value, { stream: true }));
    }
  };
}

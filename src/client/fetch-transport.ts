import { createParser } from 'eventsource-parser';
import type { EventType } from '../protocol/event.ts';
import type { Credentials } from './credentials.ts';
import { errorOf, LiveError, unexpectedAnswer } from './live-error.ts';
import { type Read, streamUrl } from './transport.ts';

export interface FetchTransportOptions {
  readonly base: string;
  readonly types: readonly EventType[] | undefined;
  readonly credentials: Credentials;
  readonly fetch: typeof globalThis.fetch;
}

/** Reads streams with `fetch`, which sends headers and shows comments and statuses. */
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
      throw unexpectedAnswer({ status: 200 });
    }
    const parser = createParser({
      onEvent: ({ event = 'message', id = '', data }) => {
        if (!signal.aborted) events.frame({ event, id, data });
      },
      onComment: (comment) => {
        if (!signal.aborted) events.activity(comment);
      },
      onRetry: (ms) => {
        if (!signal.aborted) events.retry(ms);
      },
    });
    const decoder = new TextDecoder();
    const reader = response.body.getReader();
    // A custom `fetch` may not end the body on abort.
    signal.addEventListener('abort', () => void reader.cancel().catch(() => {}), { once: true });
    for (;;) {
      const { done, value } = await reader.read();
      if (done) throw new LiveError('network', 'the connection ended');
      events.activity();
      parser.feed(decoder.decode(value, { stream: true }));
    }
  };
}

import type { EventType } from '../protocol/event.ts';
import { declaresProblem } from '../protocol/problem-type.ts';
import type { Credentials } from './credentials.ts';
import { CONTROL_NAMES, EVENT_NAMES } from './event-names.ts';
import { errorOf, LiveError, unexpectedAnswer } from './live-error.ts';
import { MAX_URL, ownFirst, type Read, type StreamRequest, streamUrl } from './transport.ts';
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
 * Reads streams with the browser's `EventSource`, by ticket or cookie. That hides comments, statuses and `retry:`, and
 * reconnects by itself; so it is closed at its first error, and a HEAD request finds the reason.
 */
export function readByEventSource(options: EventSourceTransportOptions): Read {
  const { base, types, credentials, getTicket, fetch, EventSource } = options;

  async function ticketFor({ scopes, tokenReason }: StreamRequest): Promise<string | undefined> {
    if (getTicket) {
      const asked = (async () => getTicket(scopes))();
      const ticket = await asked.catch((cause: unknown) => {
        throw new LiveError('no-token', 'getTicket failed', { cause });
      });
      if (typeof ticket === 'string' && ticket !== '') return ticket;
      throw new LiveError('no-token', 'getTicket returned no ticket');
    }
    if (!credentials.hasToken) return undefined;
    const { headers, credentials: mode } = await credentials.init(tokenReason);
    const response = await fetch(`${base}/tickets`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ scopes: ownFirst(scopes) }),
      credentials: mode,
    });
    if (!response.ok) throw await errorOf(response);
    const { ticket } = ((await response.json().catch(() => undefined)) ?? {}) as { ticket?: unknown };
    if (typeof ticket === 'string' && ticket !== '') return ticket;
    throw unexpectedAnswer({ status: response.status });
  }

  /**
   * Finds out why a stream failed. A HEAD is answered like a GET and opens nothing, but has no body: a problem of the
   * service is requested once more.
   */
  async function explain(url: string, withCredentials: boolean, signal: AbortSignal): Promise<LiveError> {
    const ask = (method: string) =>
      fetch(url, {
        method,
        credentials: withCredentials ? 'include' : 'same-origin',
        cache: 'no-store',
        signal,
      });
    const head = await ask('HEAD');
    if (head.ok) return new LiveError('network', 'the connection broke');
    if (!declaresProblem(head.headers)) return errorOf(head);
    const refusal = await ask('GET');
    if (!refusal.ok) return errorOf(refusal);
    // It accepts the stream now; the next attempt will open it.
    await refusal.body?.cancel();
    return new LiveError('network', 'the connection broke');
  }

  /** URL of the stream. Leaves out the scopes, which the ticket contains, where it would be too long. */
  function addressOf({ scopes, cursor }: StreamRequest, ticket: string | undefined): string {
    const extra = { lastEventId: cursor, ticket };
    const whole = streamUrl(base, scopes, types, extra);
    return ticket !== undefined && whole.length > MAX_URL ? streamUrl(base, [], types, extra) : whole;
  }

  return async (request, events, signal) => {
    const ticket = await ticketFor(request);
    if (signal.aborted) return;
    const url = addressOf(request, ticket);
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
    throw begun
      ? new LiveError('network', 'the connection ended')
      : await explain(url, withCredentials, signal);
  };
}

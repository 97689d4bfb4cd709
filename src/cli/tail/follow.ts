import { EventSource, type FetchLike } from 'eventsource';
import type { CloseReason, StreamClose, StreamOpen } from '../../protocol/control.ts';
import { EVENT_TYPES, eventName } from '../../protocol/event.ts';
import { explainNetwork } from '../failure.ts';
import { type Refusal, readRefusal } from '../refusal.ts';
import { watched } from './watched.ts';

/** One message of a stream, as it came: its data is still JSON. */
export interface StreamMessage {
  readonly event: string;
  readonly cursor: string;
  readonly data: string;
}

/** How following ended. `stopped`: because we wanted to. */
export type Ending =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'closed'; readonly reason: CloseReason }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

export interface FollowOptions {
  readonly url: URL;
  /** Asked for each time a connection is made. */
  readonly token: () => Promise<string>;
  readonly fetch: typeof fetch;
  readonly signal: AbortSignal;
  readonly onMessage: (message: StreamMessage) => void;
  /** The connection was lost, or could not be made; it is tried again. */
  readonly onLost: (why: string) => void;
  /** How long a stream may be silent before the first `stream-open` said how often it speaks, in ms. */
  readonly silenceMs?: number;
}

const OPEN = 'stream-open';
const CLOSE = 'stream-close';
const CONTROL = [OPEN, 'caught-up', 'leaderboard-snapshot', CLOSE];

/** What a proxy says while the service behind it restarts. An `EventSource` would give up on it. */
const PASSING = new Set([408, 429, 500, 502, 503, 504]);
/** After so many heartbeats that did not come, the connection is taken for dead. */
const MISSED_BEATS = 3;

/** Follows a stream, coming back with its cursor after every loss, until there is no point in it any more. */
export function follow(options: FollowOptions): Promise<Ending> {
  const { url, signal, onMessage, onLost } = options;
  let silenceMs = options.silenceMs ?? 60_000;
  let trouble: string | undefined;
  let refusal: Refusal | undefined;

  const connect: FetchLike = async (target, init) => {
    const headers = { ...init.headers, authorization: `Bearer ${await options.token()}` };
    trouble = undefined;
    try {
      const response = await options.fetch(target, { ...init, headers });
      if (PASSING.has(response.status)) {
        await response.body?.cancel();
        throw new Error(`the service answers ${response.status}`);
      }
      const isStream = response.headers.get('content-type')?.startsWith('text/event-stream');
      if (response.status === 200 && isStream && response.body)
        return bodyReplaced(
          response,
          watched(response.body, () => silenceMs, noteSilence),
        );
      refusal = await readRefusal(response);
      return response;
    } catch (error) {
      trouble = explainNetwork(error);
      throw error;
    }
  };
  const noteSilence = (ms: number) => {
    trouble = `nothing was heard for ${Math.round(ms / 1000)} s`;
  };

  return new Promise((resolve) => {
    if (signal.aborted) return resolve({ kind: 'stopped' });
    const source = new EventSource(url, { fetch: connect });
    const end = (ending: Ending) => {
      source.close();
      signal.removeEventListener('abort', stop);
      resolve(ending);
    };
    const stop = () => end({ kind: 'stopped' });
    signal.addEventListener('abort', stop, { once: true });

    for (const event of [...CONTROL, ...EVENT_TYPES.map(eventName)])
      source.addEventListener(event, ({ data, lastEventId }: MessageEvent<string>) => {
        if (event === OPEN) silenceMs = MISSED_BEATS * (JSON.parse(data) as StreamOpen).heartbeatMs;
        onMessage({ event, cursor: lastEventId, data });
        if (event !== CLOSE) return;
        const { reason, reconnect } = JSON.parse(data) as StreamClose;
        trouble = `the service closed the stream: ${reason}`;
        if (!reconnect) end({ kind: 'closed', reason });
      });
    source.addEventListener('error', ({ message }) => {
      if (signal.aborted) return;
      if (source.readyState === EventSource.CLOSED)
        end({ kind: 'refused', refusal: refusal ?? { status: 0, sentence: message ?? 'it was refused' } });
      else onLost(trouble ?? 'the connection was cut');
    });
  });
}

/** A `Response` made anew would lose its `url`. */
function bodyReplaced(response: Response, body: ReadableStream<Uint8Array>) {
  const { url, status, redirected, headers } = response;
  return { url, status, redirected, headers, body };
}

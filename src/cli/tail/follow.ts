import { EventSource, type FetchLike } from 'eventsource';
import type { CaughtUp, CloseReason, StreamClose, StreamOpen } from '../../protocol/control.ts';
import { EVENT_TYPES, type EventName, eventName, type Notification } from '../../protocol/event.ts';
import type { LeaderboardSnapshot } from '../../protocol/leaderboard.ts';
import { explainNetwork } from '../failure.ts';
import { type DescribedRefusal, describeRefusal } from '../refusal.ts';
import { failOnSilence } from './silence.ts';

/** Data of each control frame. */
interface ControlData {
  readonly 'stream-open': StreamOpen;
  readonly 'caught-up': CaughtUp;
  readonly 'leaderboard-snapshot': LeaderboardSnapshot;
  readonly 'stream-close': StreamClose;
}

interface Message<E, D> {
  readonly event: E;
  readonly cursor: string;
  readonly data: D;
}

export type NotificationMessage = Message<EventName, Notification>;
/** One frame of a stream, with its parsed data. */
export type StreamMessage =
  | { [E in keyof ControlData]: Message<E, ControlData[E]> }[keyof ControlData]
  | NotificationMessage;

/** Reason for the end. `stopped`: the signal was aborted. */
export type Ending =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'closed'; readonly reason: CloseReason }
  | { readonly kind: 'refused'; readonly refusal: DescribedRefusal };

export interface FollowOptions {
  readonly url: URL;
  /** Called for each connection. */
  readonly token: () => Promise<string>;
  readonly fetch: typeof fetch;
  readonly signal: AbortSignal;
  readonly onMessage: (message: StreamMessage) => void;
  /** Called when the connection was lost or could not be made, before it is retried. */
  readonly onLost: (why: string) => void;
  /** Max silence before the first `stream-open` gave the heartbeat interval, ms; default 60000. */
  readonly silenceMs?: number;
}

const CONTROL: readonly (keyof ControlData)[] = [
  'stream-open',
  'caught-up',
  'leaderboard-snapshot',
  'stream-close',
];

/** Statuses of a proxy while the service behind it restarts, for which an `EventSource` would not reconnect. */
const TRANSIENT = new Set([408, 429, 500, 502, 503, 504]);
/** Missed heartbeats after which a connection counts as dead. */
const MISSED_BEATS = 3;

/** Follows a stream, and reconnects with its cursor after every loss, until it is stopped, closed for good or refused. */
export function follow(options: FollowOptions): Promise<Ending> {
  const { url, signal, onMessage, onLost } = options;
  let silenceMs = options.silenceMs ?? 60_000;
  let trouble: string | undefined;
  let refusal: DescribedRefusal | undefined;

  const connect: FetchLike = async (target, init) => {
    const headers = { ...init.headers, authorization: `Bearer ${await options.token()}` };
    trouble = undefined;
    try {
      const response = await options.fetch(target, { ...init, headers });
      if (TRANSIENT.has(response.status)) {
        await response.body?.cancel();
        throw new Error(`the service answers ${response.status}`);
      }
      const isStream = response.headers.get('content-type')?.startsWith('text/event-stream');
      if (response.status === 200 && isStream && response.body)
        return bodyReplaced(
          response,
          failOnSilence(response.body, () => silenceMs, noteSilence),
        );
      refusal = await describeRefusal(response);
      return response;
    } catch (error) {
      trouble = explainNetwork(error);
      throw error;
    }
  };
  const noteSilence = (ms: number) => {
    trouble = `no data for ${Math.round(ms / 1000)} s`;
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
        const message = { event, cursor: lastEventId, data: JSON.parse(data) } as StreamMessage;
        if (message.event === 'stream-open') silenceMs = MISSED_BEATS * message.data.heartbeatMs;
        onMessage(message);
        if (message.event !== 'stream-close') return;
        const { reason, reconnect } = message.data;
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

/** Replaces a response's body. A new `Response` would lose its `url`. */
function bodyReplaced(response: Response, body: ReadableStream<Uint8Array>) {
  const { url, status, redirected, headers } = response;
  return { url, status, redirected, headers, body };
}

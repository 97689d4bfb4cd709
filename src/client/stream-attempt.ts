import type { StreamClose, StreamOpen } from '../protocol/control.ts';
import type { Frame } from '../protocol/frame.ts';
import { LiveError, unexpectedAnswer } from './live-error.ts';
import { MAX_FOREIGN_ASKED_MS } from './reconnect-delay.ts';
import { createStopwatch, type Stopwatch } from './stopwatch.ts';
import type { StreamRequest, Transport } from './transport.ts';
import type { Clock } from './types.ts';

/** End of a stream, or of the attempt to open one. */
export interface StreamEnd {
  readonly error: LiveError;
  /** `stream-close`, where the service ended the stream. */
  readonly close: StreamClose | undefined;
  /** Wait that the service requests, in ms. */
  readonly askedMs: number | undefined;
  /** Whether another attempt would fail as well. */
  readonly refused: boolean;
}

export interface AttemptEvents {
  opened(open: StreamOpen, frame: Frame): void;
  /** Any frame but `stream-open`. */
  frame(frame: Frame): void;
  comment(text: string): void;
  /** Silence on a transport that does not see comments, so that the stream may be intact. Called once. */
  suspect(): void;
  ended(ending: StreamEnd): void;
}

export interface AttemptOptions {
  readonly transport: Transport;
  readonly request: StreamRequest;
  readonly clock: Clock;
  readonly silentHeartbeats: number;
  /** Whether `getToken` can replace a refused token. */
  readonly renewable: boolean;
  readonly events: AttemptEvents;
}

/** Max time until `stream-open`, in ms. */
const BEGIN_MS = 30_000;
/** Min silence that counts as a loss, in ms: networks pause, and heartbeats come at most once a second. */
const MIN_SILENCE_MS = 3_000;
/** Heartbeats per `position` frame of a quiet stream; a transport without comments sees only those. */
const POSITION_EVERY = 4;
/** Temporary statuses. Any other from 400 to 499 is final, where the service itself answered it. */
const TEMPORARY: ReadonlySet<number> = new Set([408, 409, 425, 429]);

/** One stream from the request to its end, with a watchdog for silence. Replaces a refused token once. */
export class StreamAttempt {
  readonly request: StreamRequest;
  /** Data of `stream-open`; `undefined` before it. */
  open: StreamOpen | undefined;
  /** Whether `suspect` was called. */
  suspected = false;
  readonly #options: AttemptOptions;
  #cancel = () => {};
  #timer: unknown;
  readonly #silence: Stopwatch;
  #askedMs: number | undefined;
  #close: StreamClose | undefined;
  #over = false;

  constructor(options: AttemptOptions) {
    this.#options = options;
    this.request = options.request;
    this.#silence = createStopwatch(options.clock);
    this.#run(options.request, options.renewable);
    this.#watch();
  }

  /** Ends it without an event. */
  cancel(): void {
    this.#over = true;
    this.#options.clock.clearTimeout(this.#timer);
    this.#cancel();
  }

  /** Checks for silence. Also called from outside, since timers stop while the machine is suspended. */
  check(): void {
    if (this.#over) return;
    if (this.#silence.ms < this.#patienceMs) {
      this.#watch();
      return;
    }
    if (this.open && !this.#options.transport.seesComments) {
      if (this.suspected) return;
      this.suspected = true;
      this.#options.events.suspect();
      return;
    }
    this.#end(new LiveError('silent', 'nothing was received for too long'), false);
  }

  get #patienceMs(): number {
    if (!this.open) return BEGIN_MS;
    const every = this.#options.transport.seesComments ? 1 : POSITION_EVERY;
    return Math.max(MIN_SILENCE_MS, this.#options.silentHeartbeats * every * this.open.heartbeatMs);
  }

  #watch(): void {
    const { clock } = this.#options;
    clock.clearTimeout(this.#timer);
    const left = Math.max(0, this.#patienceMs - this.#silence.ms);
    this.#timer = clock.setTimeout(() => this.check(), left);
  }

  #run(request: StreamRequest, renewable: boolean): void {
    const { events, transport } = this.#options;
    this.#cancel = transport.open(request, {
      frame: (frame) => {
        this.#silence.restart();
        this.#take(frame);
      },
      activity: (comment) => {
        this.#silence.restart();
        if (comment !== undefined) events.comment(comment);
      },
      retry: (ms) => {
        this.#askedMs = ms;
      },
      ended: (error) => {
        if (this.#over) return;
        if (error.status === 401 && renewable) {
          this.#silence.restart();
          return this.#run({ ...request, tokenReason: 'refused' }, false);
        }
        this.#end(error, isFinal(error));
      },
    });
  }

  #take(frame: Frame): void {
    const { events } = this.#options;
    if (this.#over) return;
    if (frame.event === 'stream-open') {
      const open = readOpen(frame.data);
      if (!open) {
        this.#endForeign();
        return;
      }
      this.open = open;
      this.#watch();
      events.opened(open, frame);
      return;
    }
    const close = frame.event === 'stream-close' ? readClose(frame.data) : undefined;
    if (!close && (!this.open || frame.event === 'stream-close')) {
      this.#endForeign();
      return;
    }
    events.frame(frame);
    if (!close || this.#over) return;
    this.#close = close;
    const { reason, reconnect } = close;
    this.#end(new LiveError('network', `the service closed the stream: ${reason}`), !reconnect);
  }

  /** Ends an event stream that is not this service's. */
  #endForeign(): void {
    this.#end(unexpectedAnswer({ status: 200 }), false);
  }

  #end(error: LiveError, refused: boolean): void {
    if (this.#over) return;
    this.cancel();
    const asked = error.retryAfterMs ?? this.#askedMs;
    const isOurs = this.open !== undefined || this.#close !== undefined || error.isFromService;
    const askedMs = asked && (isOurs ? asked : Math.min(asked, MAX_FOREIGN_ASKED_MS));
    this.#options.events.ended({ error, close: this.#close, askedMs, refused });
  }
}

/** Whether an error is final. Only the service's own answers are, not those of a proxy. */
function isFinal(error: LiveError): boolean {
  const { code, status = 0 } = error;
  if (code === 'identity-changed') return true;
  // The next request uses another connection.
  if (!error.isFromService || code === 'stream-on-busy-connection') return false;
  return status >= 400 && status < 500 && !TEMPORARY.has(status);
}

function readOpen(data: string): StreamOpen | undefined {
  const open = parse<StreamOpen>(data);
  const whole =
    typeof open?.streamId === 'string' && Array.isArray(open.scopes) && Number(open.heartbeatMs) > 0;
  return whole ? (open as StreamOpen) : undefined;
}

function readClose(data: string): StreamClose | undefined {
  const close = parse<StreamClose>(data);
  const whole = typeof close?.reason === 'string' && typeof close.reconnect === 'boolean';
  return whole ? (close as StreamClose) : undefined;
}

function parse<T>(data: string): Partial<T> | undefined {
  try {
    return (JSON.parse(data) as Partial<T> | null) ?? undefined;
  } catch {
    return undefined;
  }
}

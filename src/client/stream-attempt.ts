import type { StreamClose, StreamOpen } from '../protocol/control.ts';
import type { Frame } from '../protocol/frame.ts';
import { MAX_FOREIGN_ASKED_MS } from './backoff.ts';
import { LiveError } from './live-error.ts';
import { createStopwatch, type Stopwatch } from './stopwatch.ts';
import type { StreamRequest, Transport } from './transport.ts';
import type { Clock } from './types.ts';

/** How a stream, or the attempt to have one, came to its end. */
export interface Ending {
  readonly error: LiveError;
  /** What the service said when it ended the stream. */
  readonly close: StreamClose | undefined;
  /** What the service asks to wait, in ms. */
  readonly askedMs: number | undefined;
  /** Whether there is no point in trying again. */
  readonly refused: boolean;
}

export interface AttemptEvents {
  opened(open: StreamOpen, frame: Frame): void;
  /** Any frame but `stream-open`. */
  frame(frame: Frame): void;
  comment(text: string): void;
  /** Nothing was heard for long, where only frames are heard: perhaps there was nothing to say. Told once. */
  suspect(): void;
  ended(ending: Ending): void;
}

export interface AttemptOptions {
  readonly transport: Transport;
  readonly request: StreamRequest;
  readonly clock: Clock;
  readonly silentHeartbeats: number;
  /** Whether another token can be had when one is refused. */
  readonly renewable: boolean;
  readonly events: AttemptEvents;
}

/** How long a stream may take to begin, in ms. */
const BEGIN_MS = 30_000;
/** The service beats once a second at the most, and networks hiccup: less silence than this means nothing. Milliseconds. */
const LEAST_SILENCE_MS = 3_000;
/** A quiet stream says its position every so many heartbeats; a transport without comments hears nothing else. */
const POSITION_EVERY = 4;
/** Statuses that pass. Any other below 500 will not change by asking again, where it is the service's own word. */
const PASSING: ReadonlySet<number> = new Set([408, 409, 425, 429]);

/** One stream from the request to its end, watched for silence. A refused token is replaced once, within the attempt. */
export class StreamAttempt {
  readonly request: StreamRequest;
  /** What it began with; `undefined` until it has. */
  open: StreamOpen | undefined;
  /** Whether `suspect` was told. */
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

  /** Ends it without a word. */
  cancel(): void {
    this.#over = true;
    this.#options.clock.clearTimeout(this.#timer);
    this.#cancel();
  }

  /** Looks whether it has been silent for too long. Timers may have stood still while the machine slept. */
  check(): void {
    if (this.#over) return;
    if (this.#silence.ms < this.#patienceMs) {
      this.#watch();
      return;
    }
    if (this.open && !this.#options.transport.hearsComments) {
      if (this.suspected) return;
      this.suspected = true;
      this.#options.events.suspect();
      return;
    }
    this.#end(new LiveError('silent', 'nothing was heard for too long'), false);
  }

  get #patienceMs(): number {
    if (!this.open) return BEGIN_MS;
    const every = this.#options.transport.hearsComments ? 1 : POSITION_EVERY;
    return Math.max(LEAST_SILENCE_MS, this.#options.silentHeartbeats * every * this.open.heartbeatMs);
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
      heard: (comment) => {
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

  /** An event stream, and not this service's: whatever it says is not believed. */
  #endForeign(): void {
    this.#end(new LiveError('unexpected-answer', 'what answered is not the service', { status: 200 }), false);
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

/** Whether asking again would change nothing: by the service's own word, never by that of whatever stands before it. */
function isFinal(error: LiveError): boolean {
  const { code, status = 0 } = error;
  if (code === 'identity-changed') return true;
  // Another request takes another connection.
  if (!error.isFromService || code === 'stream-on-busy-connection') return false;
  return status >= 400 && status < 500 && !PASSING.has(status);
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

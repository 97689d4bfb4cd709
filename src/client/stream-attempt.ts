import type { StreamClose, StreamOpen } from '../protocol/control.ts';
import type { Frame } from '../protocol/frame.ts';
import { LiveError } from './live-error.ts';
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
/** Statuses that pass. Any other below 500 will not change by asking again. */
const PASSING: ReadonlySet<number> = new Set([200, 204, 408, 409, 425, 429]);

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
  #heardAt: number;
  #askedMs: number | undefined;
  #close: StreamClose | undefined;
  #over = false;

  constructor(options: AttemptOptions) {
    this.#options = options;
    this.request = options.request;
    this.#heardAt = options.clock.now();
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
    const left = this.#heardAt + this.#patienceMs - this.#options.clock.now();
    if (left > 0) {
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
    const left = Math.max(0, this.#heardAt + this.#patienceMs - clock.now());
    this.#timer = clock.setTimeout(() => this.check(), left);
  }

  #run(request: StreamRequest, renewable: boolean): void {
    const { events, transport, clock } = this.#options;
    this.#cancel = transport.open(request, {
      frame: (frame) => {
        this.#heardAt = clock.now();
        this.#take(frame);
      },
      heard: (comment) => {
        this.#heardAt = clock.now();
        if (comment !== undefined) events.comment(comment);
      },
      retry: (ms) => {
        this.#askedMs = ms;
      },
      ended: (error) => {
        if (this.#over) return;
        if (error.status === 401 && renewable) {
          this.#heardAt = clock.now();
          return this.#run({ ...request, tokenReason: 'refused' }, false);
        }
        const { status = 0 } = error;
        const final = status > 0 && status < 500 && !PASSING.has(status);
        this.#end(error, final || error.code === 'identity-changed');
      },
    });
  }

  #take(frame: Frame): void {
    const { events } = this.#options;
    if (this.#over) return;
    if (frame.event === 'stream-open') {
      this.open = JSON.parse(frame.data) as StreamOpen;
      this.#watch();
      events.opened(this.open, frame);
      return;
    }
    events.frame(frame);
    if (frame.event !== 'stream-close' || this.#over) return;
    this.#close = JSON.parse(frame.data) as StreamClose;
    const { reason, reconnect } = this.#close;
    this.#end(new LiveError('network', `the service closed the stream: ${reason}`), !reconnect);
  }

  #end(error: LiveError, refused: boolean): void {
    if (this.#over) return;
    this.cancel();
    const askedMs = error.retryAfterMs ?? this.#askedMs;
    this.#options.events.ended({ error, close: this.#close, askedMs, refused });
  }
}

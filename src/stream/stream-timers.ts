import { encodeBytes } from '../channel/live-frame.ts';
import { encodeComment, encodeFrame } from '../protocol/frame.ts';
import type { Stream } from './stream.ts';
import { TimingWheel } from './timing-wheel.ts';

export interface StreamTimersOptions {
  /** Time between two keepalive comments on a stream, ms. */
  readonly heartbeatMs: number;
  /** Position up to which live streams have been sent everything. */
  readonly settled: () => number;
  /** Makes the cursor of a position. */
  readonly cursorOf: (position: number) => string;
  /** The database's time, in ms since 1970. */
  readonly now: () => number;
}

/** Heartbeats between two `position` frames of a quiet stream. */
const POSITION_EVERY = 4;
const TICK_MS = 1_000;
/** Max time between two checks of a stream, ms: the database's clock, by which it expires, may be set. */
const MAX_WAIT_MS = 15_000;

/**
 * Heartbeats, expiry and rotation of the open streams, and the end of those whose peer takes nothing. A tick visits the
 * streams of which one is due, and those with unsent bytes; an idle stream costs no more than its heartbeats.
 */
export class StreamTimers {
  readonly #options: StreamTimersOptions;
  readonly #wheel = new TimingWheel<Stream>(TICK_MS, performance.now());
  /** Streams that had unsent bytes after a write, or that are new. Streams add themselves. */
  readonly unsent = new Set<Stream>();
  #ticker: NodeJS.Timeout | undefined;

  constructor(options: StreamTimersOptions) {
    this.#options = options;
  }

  start(): void {
    this.#ticker = setInterval(() => this.#tick(this.#options.now()), TICK_MS);
    this.#ticker.unref();
  }

  stop(): void {
    clearInterval(this.#ticker);
  }

  add(stream: Stream): void {
    this.#schedule(stream, performance.now(), this.#options.now());
    this.unsent.add(stream);
  }

  delete(stream: Stream): void {
    this.#wheel.delete(stream, stream.tick);
    this.unsent.delete(stream);
  }

  #schedule(stream: Stream, at: number, now: number): void {
    if (stream.state === 'closed') return;
    const expiresAt = at + stream.expiresAt.getTime() - now;
    const due = Math.min(stream.beatsAt, stream.rotatesAt, expiresAt, at + MAX_WAIT_MS);
    stream.tick = this.#wheel.add(stream, due);
  }

  #tick(now: number): void {
    const at = performance.now();
    for (const stream of this.unsent) {
      stream.limitStall(at);
      if (stream.state === 'closed' || stream.unsent === 0) this.unsent.delete(stream);
    }
    const cursor = this.#options.cursorOf(this.#options.settled());
    const keepalive = encodeBytes(encodeComment(`keepalive ${cursor}`));
    for (const stream of this.#wheel.tick(at)) {
      if (stream.state === 'closed') continue;
      if (stream.expiresAt.getTime() <= now) stream.close('expired');
      else if (stream.rotatesAt <= at) stream.close('rotated');
      else {
        // Ticks and heartbeats are not in step: the nearest tick is the one.
        if (stream.beatsAt <= at + TICK_MS / 2) {
          stream.beatsAt = at + this.#options.heartbeatMs;
          stream.beats += 1;
          const moved = stream.state === 'live' && stream.announced < this.#options.settled();
          if (moved && stream.beats % POSITION_EVERY === 0) this.#sendPosition(stream, now);
          else stream.writeBytes(keepalive);
        }
        this.#schedule(stream, at, now);
      }
    }
  }

  /** Advances a quiet stream's cursor, so that a later resume does not begin at rows that retention has deleted. */
  #sendPosition(stream: Stream, now: number): void {
    const position = Math.max(stream.position, this.#options.settled());
    const data = JSON.stringify({ serverTime: new Date(now).toISOString() });
    stream.writeBytes(encodeBytes(encodeFrame({ id: stream.announce(position), event: 'position', data })));
  }
}

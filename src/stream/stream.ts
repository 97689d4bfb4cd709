import type { Batch, TypeFilter } from '../channel/batch.ts';
import type { ChannelListener } from '../channel/hub.ts';
import { type Bytes, encodeBytes } from '../channel/live-frame.ts';
import { type CaughtUp, CLOSE_REASONS, type CloseReason, type StreamClose } from '../protocol/control.ts';
import { formatCursor } from '../protocol/cursor.ts';
import type { Role } from '../protocol/enums.ts';
import { encodeFrame, encodeHead, encodeRetry } from '../protocol/frame.ts';
import type { Scope } from '../protocol/scope.ts';
import type { Sink } from './sink.ts';
import { StallDetector } from './stall.ts';

/** Owner of a stream, and the token that it was opened with. */
export interface StreamOwner {
  readonly userId: number;
  readonly playerId: number | undefined;
  readonly role: Role;
  readonly issuedAt: Date;
  readonly ticketId: string | undefined;
  readonly address: string | undefined;
  readonly userAgent: string | undefined;
}

export interface StreamOptions {
  readonly id: string;
  readonly owner: StreamOwner;
  readonly scopes: readonly Scope[];
  readonly filter: TypeFilter | undefined;
  readonly sink: Sink;
  /** Word of the term that covers a position. */
  readonly termAt: (id: number) => string;
  /** Position at which it begins; every row above is sent to it. */
  readonly position: number;
  /** Expiry of its token. */
  readonly expiresAt: Date;
  /** Time at which it is closed as `rotated`, as `performance.now()`. */
  readonly rotatesAt: number;
  /** Time of its first heartbeat, as `performance.now()`. */
  readonly beatsAt: number;
  /** Streams with unsent bytes, to which it adds itself after each write that leaves some. */
  readonly withUnsent: Set<Stream>;
  /** Max unsent bytes; with more, it is closed as `slow`. */
  readonly maxUnsentBytes: number;
  /** Max time in which its peer takes nothing while bytes are unsent, ms; then it is closed as `slow`. */
  readonly maxStallMs: number;
}

/** Reconnection time for a client that should not reconnect, in case it does all the same, ms. */
const LONG_RETRY_MS = 60_000;

/** Unsent bytes below which a peer counts as having taken everything. */
const SMALL_BYTES = 1_024;

/**
 * One open stream: a position in the log, and a sink. It is `replaying` while it is sent the rows that it missed, `live`
 * while it listens to channels, and `closed` for good.
 */
export class Stream implements ChannelListener {
  readonly id: string;
  readonly owner: StreamOwner;
  readonly scopes: readonly Scope[];
  readonly filter: TypeFilter | undefined;
  /** Times as `performance.now()`: a clock that is set ages no stream. */
  readonly openedAt = performance.now();
  readonly rotatesAt: number;
  /** Time of its next heartbeat: setting the system's clock back must not silence it. */
  beatsAt: number;
  /** Count of its heartbeats. */
  beats = 0;
  /** Number of the tick of `StreamTimers` with which it is checked next. */
  tick = 0;
  position: number;
  expiresAt: Date;
  /** Position of the last notification that was written to it; 0: none yet. */
  lastDeliveredId = 0;
  /** Position of the last cursor that it was sent. */
  announced: number;
  /** That cursor. Kept as it was sent: after a reset its position may belong to another term. */
  #cursor: string;
  state: 'replaying' | 'live' | 'closed' = 'replaying';
  closeReason: CloseReason | 'gone' | undefined;
  readonly #sink: Sink;
  readonly #termAt: (id: number) => string;
  readonly #maxUnsentBytes: number;
  readonly #maxStallMs: number;
  /** Set once it has had unsent bytes. */
  #stall: StallDetector | undefined;
  readonly #withUnsent: Set<Stream>;
  /** Bytes that were unsent after the last write to a peer that had taken everything. */
  #allowance = 0;
  #onClosed: ((stream: Stream) => void) | undefined;

  constructor(options: StreamOptions) {
    this.id = options.id;
    this.owner = options.owner;
    this.scopes = options.scopes;
    this.filter = options.filter;
    this.position = options.position;
    this.announced = options.position;
    this.expiresAt = options.expiresAt;
    this.rotatesAt = options.rotatesAt;
    this.beatsAt = options.beatsAt;
    this.#sink = options.sink;
    this.#termAt = options.termAt;
    this.#cursor = formatCursor(options.position, options.termAt(options.position));
    this.#maxUnsentBytes = options.maxUnsentBytes;
    this.#maxStallMs = options.maxStallMs;
    this.#withUnsent = options.withUnsent;
  }

  get unsent(): number {
    return this.#sink.unsent;
  }

  get descriptor(): number | undefined {
    return this.state === 'closed' ? undefined : this.#sink.descriptor;
  }

  /** Both ends of its connection, as `endpointsOf` spells them; undefined: not known. */
  get endpoints(): string | undefined {
    return this.#sink.endpoints;
  }

  /** Cuts the connection, whose peer has vanished: the stream ends as `gone`. */
  cut(): void {
    this.#sink.cut();
  }

  /** Sets the callback for the stream's end. Called once. */
  onClosed(callback: (stream: Stream) => void): void {
    this.#onClosed = callback;
    this.#sink.onClose(() => this.#finish('gone'));
  }

  /** Writes frames of the log. Closes the stream when its peer does not keep up. */
  deliver(batch: Batch, sent = 0): void {
    if (this.state === 'closed') return;
    const unsent = this.#write(batch, sent);
    // Only after the write: should the sink throw, the stream ends with the cursor of the frame before.
    const { last } = batch;
    if (last) {
      this.lastDeliveredId = last.id;
      this.announced = last.id;
      this.#cursor = last.cursor;
    }
    this.#limit(unsent);
  }

  /** Makes the cursor of a position that is about to be sent. */
  announce(position: number): string {
    this.announced = position;
    this.#cursor = formatCursor(position, this.#termAt(position));
    return this.#cursor;
  }

  /** Writes a control frame. Its id is the position: every row up to it was sent. */
  send(event: string, data: object, options: { retryMs?: number } = {}): void {
    const frame = encodeFrame({ id: this.announce(this.position), event, data: JSON.stringify(data) });
    this.writeBytes(encodeBytes((options.retryMs === undefined ? '' : encodeRetry(options.retryMs)) + frame));
  }

  /** Writes a control frame whose data is shared with other streams. */
  sendShared(event: string, data: Bytes): void {
    this.writeBytes(encodeBytes(encodeHead({ id: this.announce(this.position), event })));
    this.writeBytes(data);
  }

  /** Ends the replay: the stream is live from here on, and its client is informed. */
  live(caughtUp: CaughtUp): void {
    if (this.state === 'closed') return;
    this.state = 'live';
    this.send('caught-up', caughtUp);
  }

  /** Writes bytes shared with other streams. Closes the stream when its peer does not keep up. */
  writeBytes(bytes: Bytes): void {
    if (this.state === 'closed') return;
    this.#limit(this.#write(bytes, 0));
  }

  /**
   * Closes the stream when its peer has taken nothing for `maxStallMs`, in a replay as well as live. Called on every
   * tick while bytes are unsent, and on the first one without any.
   *
   * @param now a monotonic time, ms
   */
  limitStall(now: number): void {
    if (this.state === 'closed') return;
    this.#stall ??= new StallDetector();
    if (this.#stall.stalledFor(this.#sink, now) > this.#maxStallMs) this.close('slow');
  }

  /** Resolves when the peer has taken nearly everything, or the stream is over. */
  drained(): Promise<void> {
    return this.#sink.drained();
  }

  /**
   * Writes `stream-close` with the reason, and ends. Harmless twice.
   * @param retryMs reconnection time of a client that should reconnect, ms; undefined: the one that it has
   */
  close(reason: CloseReason, retryMs?: number): void {
    if (this.state === 'closed') return;
    const { reconnect } = CLOSE_REASONS[reason];
    const data: StreamClose = { reason, reconnect };
    const frame = encodeFrame({
      // Replay is in order, so what was announced is the safe position, also in mid-replay.
      id: this.#cursor,
      event: 'stream-close',
      data: JSON.stringify(data),
    });
    try {
      const wait = reconnect ? retryMs : LONG_RETRY_MS;
      this.#sink.write(encodeBytes((wait === undefined ? '' : encodeRetry(wait)) + frame));
    } catch {
      // A client that cannot be sent the reason still sees the response end.
    }
    this.#finish(reason);
    this.#sink.end();
  }

  /** @returns bytes that are unsent after it */
  #write(bytes: Bytes, sent: number): number {
    const before = this.#sink.unsent;
    this.#sink.write(bytes, sent);
    const { unsent } = this.#sink;
    // One large write to a peer that had taken everything before does not make that peer slow.
    if (before < SMALL_BYTES) this.#allowance = unsent;
    return unsent;
  }

  #limit(unsent: number): void {
    if (unsent === 0) return;
    if (unsent > this.#maxUnsentBytes + this.#allowance) this.close('slow');
    else this.#withUnsent.add(this);
  }

  #finish(reason: CloseReason | 'gone'): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    this.closeReason = reason;
    this.#onClosed?.(this);
  }
}

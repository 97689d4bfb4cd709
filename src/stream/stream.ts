import type { Role } from '../auth/identity.ts';
import type { Batch, TypeFilter } from '../channel/batch.ts';
import type { Listener } from '../channel/hub.ts';
import { type Bytes, encodeBytes } from '../channel/live-frame.ts';
import { type CaughtUp, CLOSE_REASONS, type CloseReason, type StreamClose } from '../protocol/control.ts';
import { formatCursor } from '../protocol/cursor.ts';
import { encodeFrame, encodeHead, encodeRetry } from '../protocol/frame.ts';
import type { Scope } from '../protocol/scope.ts';
import type { Sink } from './sink.ts';
import { StallDetector } from './stall.ts';

/** Whose stream it is, and by what right. */
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
  readonly epoch: string;
  /** Where it begins: everything above is sent to it. */
  readonly position: number;
  /** When the right to it ends: the token's expiry. */
  readonly expiresAt: Date;
  /** When it has been open for long enough. */
  readonly rotatesAt: Date;
  /** Bytes that may be unsent before it is closed as too slow. */
  readonly maxUnsentBytes: number;
  /** How long its peer may take nothing while something is unsent, in ms. */
  readonly maxStallMs: number;
}

/** How long a client that was told not to come back is asked to wait, should it come back all the same. */
const LONG_RETRY_MS = 60_000;

/** So much may be on its way without anything waiting for it. Bytes. */
const SMALL_BYTES = 1_024;

/**
 * One open stream: a position in the log, and where its bytes go. It is `replaying` while it is given what it missed,
 * `live` while it listens to channels, and `closed` for good.
 */
export class Stream implements Listener {
  readonly id: string;
  readonly owner: StreamOwner;
  readonly scopes: readonly Scope[];
  readonly filter: TypeFilter | undefined;
  readonly connectedAt = new Date();
  readonly rotatesAt: Date;
  position: number;
  expiresAt: Date;
  /** Position of the last notification that was written to it. */
  lastDeliveredId = 0;
  /** The highest cursor it was sent. */
  announced: number;
  state: 'replaying' | 'live' | 'closed' = 'replaying';
  closeReason: CloseReason | 'gone' | undefined;
  readonly #sink: Sink;
  readonly #epoch: string;
  readonly #maxUnsentBytes: number;
  readonly #maxStallMs: number;
  readonly #stall = new StallDetector();
  /** What was unsent after the last write that found next to nothing unsent. */
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
    this.#sink = options.sink;
    this.#epoch = options.epoch;
    this.#maxUnsentBytes = options.maxUnsentBytes;
    this.#maxStallMs = options.maxStallMs;
  }

  get unsent(): number {
    return this.#sink.unsent;
  }

  /** Called once, when the stream is over. */
  onClosed(callback: (stream: Stream) => void): void {
    this.#onClosed = callback;
    this.#sink.onClose(() => this.#finish('gone'));
  }

  /** Writes frames of the log. */
  deliver(batch: Batch): void {
    if (this.state === 'closed') return;
    this.#write(batch);
    // Only what was written is announced: should the sink fail, the stream ends with the cursor of what came before.
    const last = batch.frames.at(-1);
    if (last) {
      this.lastDeliveredId = last.id;
      this.announced = last.id;
    }
    this.#limitUnsent();
  }

  /** Writes a frame of the stream's own. Its id is the position: nothing below it is still to come. */
  send(event: string, data: object, options: { retryMs?: number } = {}): void {
    const frame = encodeFrame({
      id: formatCursor(this.position, this.#epoch),
      event,
      data: JSON.stringify(data),
    });
    this.announced = this.position;
    this.writeBytes(encodeBytes((options.retryMs === undefined ? '' : encodeRetry(options.retryMs)) + frame));
  }

  /** Writes a frame of the stream's own whose data it shares with other streams. */
  sendShared(event: string, data: Bytes): void {
    this.writeBytes(encodeBytes(encodeHead({ id: formatCursor(this.position, this.#epoch), event })));
    this.announced = this.position;
    this.writeBytes(data);
  }

  /** It has all it missed and listens to its channels from here on. */
  live(caughtUp: CaughtUp): void {
    if (this.state === 'closed') return;
    this.state = 'live';
    this.send('caught-up', caughtUp);
  }

  /** Writes bytes shared with other streams. Closes the stream when its peer does not keep up. */
  writeBytes(bytes: Bytes): void {
    if (this.state === 'closed') return;
    this.#write(bytes);
    this.#limitUnsent();
  }

  /**
   * Closes the stream when its peer has taken nothing for too long, whatever it is doing: a replay that waits for its
   * reader, or a quiet stream to a reader that is gone. To be called now and then.
   *
   * @param now a monotonic time, in ms
   */
  limitStall(now: number): void {
    if (this.state === 'closed') return;
    if (this.#stall.stalledFor(this.#sink, now) > this.#maxStallMs) this.close('slow');
  }

  drained(): Promise<void> {
    return this.#sink.drained();
  }

  /** Says why, and ends. */
  close(reason: CloseReason): void {
    if (this.state === 'closed') return;
    const { reconnect } = CLOSE_REASONS[reason];
    const data: StreamClose = { reason, reconnect };
    const frame = encodeFrame({
      // Replay is in order, so what was announced is the safe position, also in mid-replay.
      id: formatCursor(this.announced, this.#epoch),
      event: 'stream-close',
      data: JSON.stringify(data),
    });
    try {
      this.#sink.write(encodeBytes((reconnect ? '' : encodeRetry(LONG_RETRY_MS)) + frame));
    } catch {
      // Who cannot be told why still learns that it ends.
    }
    this.#finish(reason);
    this.#sink.end();
  }

  #write(bytes: Bytes): void {
    const before = this.#sink.unsent;
    this.#sink.write(bytes);
    // However much is written at once to somebody who had taken everything before, that is not being slow.
    if (before < SMALL_BYTES) this.#allowance = this.#sink.unsent;
  }

  #limitUnsent(): void {
    if (this.#sink.unsent > this.#maxUnsentBytes + this.#allowance) this.close('slow');
  }

  #finish(reason: CloseReason | 'gone'): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    this.closeReason = reason;
    this.#onClosed?.(this);
  }
}

import type { Bytes } from '../channel/live-frame.ts';

/** How long what is unsent may take to leave once the stream has ended. Milliseconds. */
export const LINGER_MS = 1_000;

/** Where a stream's bytes go: an open response, in whatever way it can be written. */
export interface Sink {
  /** Writes what is already encoded. Does nothing once the sink is closed. */
  write(bytes: Bytes): void;
  /** Bytes that this process still holds because the peer does not take them. */
  readonly unsent: number;
  /** Changes whenever the peer has taken bytes, and only then while some are unsent. */
  readonly taken: number;
  /** Resolves when little is unsent any more, or the sink is closed. */
  drained(): Promise<void>;
  /** Ends the response; what is unsent gets a moment to leave, then the connection is cut. */
  end(): void;
  /** Called once when the response is over, for whatever reason. */
  onClose(callback: () => void): void;
}

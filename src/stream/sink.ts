import type { Bytes } from '../channel/live-frame.ts';

/** Time that unsent bytes have to leave after the end of a stream, ms. */
export const LINGER_MS = 1_000;

/** Destination of a stream's bytes: an open response, whatever its runtime. */
export interface Sink {
  /** Descriptor of the socket that `bytes.chunk` goes to, where nothing waits to be written before it; undefined otherwise. */
  readonly descriptor?: number | undefined;
  /**
   * Writes encoded bytes. Does nothing once the sink is closed.
   * @param sent bytes of `bytes.chunk` that were written to its descriptor already. Default 0
   */
  write(bytes: Bytes, sent?: number): void;
  /** Bytes that this process still holds because the peer has not taken them. */
  readonly unsent: number;
  /** Counter that, while bytes are unsent, changes exactly when the peer takes some. */
  readonly taken: number;
  /** Both ends of the connection, as `endpointsOf` spells them; undefined: not known. */
  readonly endpoints?: string | undefined;
  /** Resolves when the peer has taken nearly everything, or the sink is closed. */
  drained(): Promise<void>;
  /** Ends the response. Unsent bytes have `LINGER_MS` to leave, then the connection is cut. */
  end(): void;
  /** Cuts the connection at once. */
  cut(): void;
  /** Calls back once when the response is over, for whatever reason; at once if it is over already. */
  onClose(callback: () => void): void;
}

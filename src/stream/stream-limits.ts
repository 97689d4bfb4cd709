/** Limits and times of the streams of a process. */
export interface StreamLimits {
  /** Time between two keepalive comments on a stream, ms. */
  readonly heartbeatMs: number;
  /** Min reconnection time of a client that was cut off, ms; each stream is given this to three times this. */
  readonly retryMs: number;
  /** Max age of a stream, ms; each ends up to a tenth earlier, so that not all end together. */
  readonly maxAgeMs: number;
  /** Max bytes that wait for a slow peer. */
  readonly maxUnsentBytes: number;
  /** Max time in which a peer takes nothing while bytes are unsent, ms. */
  readonly maxStallMs: number;
  /** Max streams of this process. */
  readonly maxStreams: number;
  /** Max streams of one user, whether a player or not; beyond it the oldest is closed as `replaced`. */
  readonly maxStreamsPerPlayer: number;
}

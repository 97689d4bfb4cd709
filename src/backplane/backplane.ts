/** Whether messages pass at present. */
export type BackplaneStatus = 'up' | 'down';

/**
 * Broker between the nodes of one database. It makes them faster and is never trusted: a message may be lost, repeated,
 * reordered or forged. Another broker is another implementation that passes `test/backplane/conformance.ts`.
 */
export interface Backplane {
  readonly status: BackplaneStatus;
  /**
   * Sends a message to every node, this one included. Resolves when the broker has taken it.
   * @throws when the broker has not taken it within a second; at once where it is known to be down
   */
  publish(message: string): Promise<void>;
  close(): Promise<void>;
}

export interface BackplaneOptions {
  /** Receives messages of every node, and whatever else is written to the channel. */
  readonly onMessage: (message: string) => void;
  /** Observes each change of the status. `why` names what failed. */
  readonly onStatus?: (status: BackplaneStatus, why?: string) => void;
}

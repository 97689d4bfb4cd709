import { setTimeout as sleep } from 'node:timers/promises';
import type { Streams } from '../stream/streams.ts';
import type { Parts } from './parts.ts';

export interface ShutdownOptions {
  /** Time for which the service continues to serve while `/ready` answers `draining`, ms. */
  readonly drainMs: number;
  /** Last part of that time, over which streams are closed, ms: their clients reconnect to other nodes one after the other. */
  readonly spreadMs: number;
  readonly streams: Pick<Streams, 'closeOver'>;
  readonly parts: Pick<Parts, 'closeAll'>;
}

/** Ordered end of a service: drain, close the streams, close all parts. */
export class Shutdown {
  readonly #options: ShutdownOptions;
  #closed: Promise<void> | undefined;
  /** Whether the service listens: only then is there a load balancer to drain. */
  listening = false;

  constructor(options: ShutdownOptions) {
    this.#options = options;
  }

  /** Whether the end has begun. */
  get begun(): boolean {
    return this.#closed !== undefined;
  }

  /** Resolves when everything is closed. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const { drainMs, spreadMs, streams, parts } = this.#options;
    if (this.listening && drainMs > 0) {
      await sleep(drainMs - spreadMs);
      await streams.closeOver(spreadMs);
    }
    await parts.closeAll();
  }
}

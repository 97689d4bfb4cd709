import { setTimeout as sleep } from 'node:timers/promises';
import type { Streams } from '../stream/streams.ts';
import type { Parts } from './parts.ts';

/** Max time over which streams are closed after a drain, ms: their clients reconnect to other nodes one after the other. */
const SPREAD_MS = 2_000;

export interface ShutdownOptions {
  /** Time for which the service continues to serve while `/ready` says `draining`, ms. */
  readonly drainMs: number;
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
    const { drainMs, streams, parts } = this.#options;
    if (this.listening && drainMs > 0) {
      await sleep(drainMs);
      await streams.closeOver(Math.min(SPREAD_MS, drainMs));
    }
    await parts.closeAll();
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { Streams } from '../stream/streams.ts';
import type { Releasers } from './releasers.ts';

/** Over how long streams are closed after a drain, in ms: their clients come back to other nodes one after the other. */
const SPREAD_MS = 2_000;

export interface ShutdownOptions {
  /** How long the service goes on serving once `/ready` says that it is going, in ms. 0: not at all. */
  readonly drainMs: number;
  readonly streams: Pick<Streams, 'closeOver'>;
  readonly releasers: Pick<Releasers, 'releaseAll'>;
}

/** The end of a service, in order: drain, close the streams, release everything. */
export class Shutdown {
  readonly #options: ShutdownOptions;
  #closed: Promise<void> | undefined;
  /** Whether somebody may come by the network, for whom a balancer must be told first. */
  listening = false;

  constructor(options: ShutdownOptions) {
    this.#options = options;
  }

  /** Whether the end has begun. */
  get begun(): boolean {
    return this.#closed !== undefined;
  }

  /** Resolves when everything is closed. Harmless twice. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const { drainMs, streams, releasers } = this.#options;
    if (this.listening && drainMs > 0) {
      await sleep(drainMs);
      await streams.closeOver(Math.min(SPREAD_MS, drainMs));
    }
    await releasers.releaseAll();
  }
}

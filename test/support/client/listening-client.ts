import { type Mock, vi } from 'vitest';
import { Emitter } from '../../../src/client/emitter.ts';
import type { LiveClient, LiveEvents } from '../../../src/client/types.ts';

export interface ListeningClient {
  /** Emits what a stream would bring. A listener that throws fails the test. */
  readonly emitter: Emitter<LiveEvents>;
  readonly resync: Mock<() => Promise<void>>;
  readonly client: LiveClient;
}

/** An open client of `player:me` without a stream, for what only listens to a client and asks it for a resync. */
export function createListeningClient(): ListeningClient {
  const emitter = new Emitter<LiveEvents>((error) => {
    throw error;
  });
  const resync = vi.fn(async () => {});
  const client = {
    state: 'open',
    scopes: ['player:me'],
    on: (event: keyof LiveEvents, listener: never) => emitter.on(event, listener),
    resync,
  } as unknown as LiveClient;
  return { emitter, resync, client };
}

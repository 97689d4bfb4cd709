import { vi } from 'vitest';
import type { LiveClient, LiveEvents } from '../../../src/client/types.ts';
import type { StreamOpen } from '../../../src/protocol/control.ts';
import type { Notification } from '../../../src/protocol/event.ts';

/** All that a client delivered, in order. */
export interface Received {
  readonly notifications: Notification[];
  readonly opened: StreamOpen[];
  readonly states: string[];
  readonly errors: string[];
  readonly resets: LiveEvents['reset'][];
  readonly closes: string[];
  /** Titles in order, without the player status that the service itself publishes every few seconds. */
  titles(): string[];
}

export function record(client: LiveClient): Received {
  const received = {
    notifications: [] as Notification[],
    opened: [] as StreamOpen[],
    states: [] as string[],
    errors: [] as string[],
    resets: [] as LiveEvents['reset'][],
    closes: [] as string[],
  };
  const titles = () =>
    received.notifications.filter(({ type }) => type !== 'PLAYER_STATUS').map(({ title }) => title);
  client.on('notification', (one) => received.notifications.push(one));
  client.on('open', (open) => received.opened.push(open));
  client.on('state', ({ state }) => {
    if (received.states.at(-1) !== state) received.states.push(state);
  });
  client.on('error', ({ code }) => received.errors.push(code));
  client.on('reset', (reset) => received.resets.push(reset));
  client.on('close', ({ reason }) => received.closes.push(reason));
  return { ...received, titles };
}

/** Waits until all of these clients are open. */
export async function open(...clients: readonly LiveClient[]): Promise<void> {
  await vi.waitFor(
    () => {
      for (const client of clients)
        if (client.state !== 'open') throw new Error(`${client.state}: ${client.status.error?.message}`);
    },
    { interval: 2 },
  );
}

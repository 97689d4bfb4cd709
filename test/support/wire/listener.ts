import { EventSource } from 'eventsource';
import { vi } from 'vitest';
import type { StreamOpen } from '../../../src/protocol/control.ts';

interface Received {
  readonly id: number;
  readonly title: string;
}

export interface Listener {
  /** Every notification, as it came. */
  readonly received: Received[];
  readonly opened: StreamOpen[];
  /** How often the service ended a stream of its. */
  readonly closed: number;
  readonly source: EventSource;
  /** Resolves once it has caught up, for the first time. */
  ready(): Promise<void>;
  close(): void;
}

/** A client as applications write it: the `eventsource` package, reconnecting by itself. */
export function listen(url: string, token: string, names: readonly string[] = ['announcement']): Listener {
  const source = new EventSource(url, {
    fetch: async (input, init) => {
      const response = await fetch(input, {
        ...init,
        headers: { ...init.headers, authorization: `Bearer ${token}` },
      });
      return response;
    },
  });
  const received: Received[] = [];
  const opened: StreamOpen[] = [];
  let caughtUp = 0;
  let closed = 0;
  source.addEventListener('stream-open', (event) => opened.push(JSON.parse(event.data)));
  source.addEventListener('caught-up', () => caughtUp++);
  source.addEventListener('stream-close', () => closed++);
  for (const name of names)
    source.addEventListener(name, (event) => {
      const { id, title } = JSON.parse(event.data);
      if (!event.lastEventId.startsWith(`${id}-`))
        throw new Error('the frame has another id than its notification');
      received.push({ id, title });
    });
  return {
    received,
    opened,
    get closed() {
      return closed;
    },
    source,
    ready: () => vi.waitFor(() => void (caughtUp > 0 || fail()), { interval: 5 }),
    close: () => source.close(),
  };
}

function fail(): never {
  throw new Error('not yet');
}

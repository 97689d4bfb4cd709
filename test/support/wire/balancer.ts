import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { openHop } from './hop.ts';

export interface Balancer {
  readonly url: string;
  /** Replaces the nodes that connections may go to. */
  use(urls: readonly string[]): void;
  /** Nodes whose last check of `/ready` was answered 200. */
  readonly ready: ReadonlySet<string>;
  close(): Promise<void>;
}

/** Time between two checks of a node, ms. */
const CHECK_MS = 50;

/** A load balancer for TCP: connections go in turn to the nodes that are ready; present ones are left alone. */
export async function startBalancer(): Promise<Balancer> {
  const ready = new Set<string>();
  let nodes: readonly string[] = [];
  let turn = 0;
  const hop = await openHop((client) => {
    const targets = [...ready];
    const target = targets[turn++ % targets.length];
    const { hostname, port } = new URL(target ?? 'http://127.0.0.1:1');
    const node = connect(Number(port), hostname);
    client.pipe(node).pipe(client);
    return node;
  });

  const closing = new AbortController();
  const checking = (async () => {
    while (!closing.signal.aborted) {
      await Promise.all(nodes.map(check));
      for (const url of ready) if (!nodes.includes(url)) ready.delete(url);
      await sleep(CHECK_MS);
    }
  })();
  async function check(url: string): Promise<void> {
    const response = await fetch(`${url}/ready`, { headers: { connection: 'close' } }).catch(() => undefined);
    await response?.arrayBuffer().catch(() => {});
    if (response?.ok) ready.add(url);
    else ready.delete(url);
  }

  return {
    url: `http://127.0.0.1:${hop.port}`,
    use(urls) {
      nodes = urls;
    },
    ready,
    async close() {
      closing.abort();
      await checking;
      await hop.close();
    },
  };
}

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

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
  const sockets = new Set<Socket>();
  const ready = new Set<string>();
  let nodes: readonly string[] = [];
  let turn = 0;
  const server = createServer((client) => {
    const targets = [...ready];
    const target = targets[turn++ % targets.length];
    const { hostname, port } = new URL(target ?? 'http://127.0.0.1:1');
    const node = connect(Number(port), hostname);
    for (const [socket, other] of [
      [client, node],
      [node, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    client.pipe(node).pipe(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

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
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    use(urls) {
      nodes = urls;
    },
    ready,
    async close() {
      closing.abort();
      await checking;
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

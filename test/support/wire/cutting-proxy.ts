import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface CuttingProxy {
  readonly url: string;
  readonly cuts: () => number;
  /** Breaks all present connections. */
  cut(): void;
  /** From now on present connections stay open and carry no answers any more. Those that come later do. */
  silence(): void;
  close(): Promise<void>;
}

/** A hop that breaks each connection after a number of answered bytes, wherever in a frame that is. */
export async function startCuttingProxy(
  target: string,
  nextCut: () => number | undefined,
): Promise<CuttingProxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  const upstreams = new Set<Socket>();
  let cuts = 0;
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    let left = nextCut() ?? Number.POSITIVE_INFINITY;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    upstreams.add(upstream);
    upstream.on('close', () => upstreams.delete(upstream));
    client.pipe(upstream);
    upstream.on('data', (chunk) => {
      if (chunk.length < left) {
        left -= chunk.length;
        client.write(chunk);
        return;
      }
      cuts++;
      const part = chunk.subarray(0, left);
      left = 0;
      upstream.destroy();
      client.end(part, () => client.destroy());
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cuts: () => cuts,
    cut() {
      for (const socket of sockets) socket.destroy();
    },
    silence() {
      for (const upstream of upstreams) upstream.pause();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { parseDatabaseUrl } from '../../../src/db/url.ts';

/** A TCP hop between clients and a server: the sockets of both sides, and what all hops do with them. */
export interface Hop {
  readonly port: number;
  /** All open sockets, of clients and of servers. */
  readonly sockets: ReadonlySet<Socket>;
  /** Destroys every connection. */
  cut(): void;
  /** Destroys every connection and refuses new ones, until `reopen`. */
  close(): Promise<void>;
  /** Accepts connections again, on the same port. */
  reopen(): Promise<void>;
}

/**
 * Opens a hop. The two sockets of a connection end together.
 * @param carry connects a client's socket with the server and passes the data; returns the server's socket, or undefined
 *   where it has refused the client
 */
export async function openHop(carry: (client: Socket) => Socket | undefined): Promise<Hop> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    client.on('error', () => {});
    const upstream = carry(client);
    if (upstream === undefined) return;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
  });
  const listen = (port: number) => once(server.listen(port, '127.0.0.1'), 'listening');
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port,
    sockets,
    cut,
    async close() {
      cut();
      if (!server.listening) return;
      server.close();
      await once(server, 'close');
    },
    async reopen() {
      if (!server.listening) await listen(port);
    },
  };
}

/** Connects with the server of a database URL. */
export function connectToDatabase(url: string): Socket {
  const { host, port = 3306, socketPath } = parseDatabaseUrl(url);
  return socketPath === undefined ? connect(port, host) : connect(socketPath);
}

/** A database URL by way of a hop. */
export function urlThrough({ port }: Pick<Hop, 'port'>, url: string): string {
  const through = new URL(url);
  through.hostname = '127.0.0.1';
  through.port = String(port);
  through.searchParams.delete('socketPath');
  return through.href;
}

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { parseDatabaseUrl } from '../../../src/db/url.ts';

/** A TCP hop before the database, so that a test can take the database away on either kind of server. */
export interface DatabaseProxy {
  /** The database's URL by way of this hop. */
  readonly url: string;
  /** Breaks every connection and refuses new ones. */
  cut(): Promise<void>;
  /** Lets nothing through any more, in either direction, and breaks nothing. */
  freeze(): void;
  /** Lets nothing more through on the next connection that sends this text, nor the text itself. Others go on. */
  freezeAt(text: string): void;
  /** New connections lead to another server. Those that are open go on, or fall silent. */
  redirect(url: string, open: 'go on' | 'fall silent'): void;
  /** Takes connections again; frozen ones go on. */
  restore(): Promise<void>;
  close(): Promise<void>;
}

export async function startDatabaseProxy(url: string): Promise<DatabaseProxy> {
  let target = parseDatabaseUrl(url);
  const sockets = new Set<Socket>();
  let frozen = false;
  let trap: string | undefined;

  const server = createServer((client) => {
    const upstream =
      target.socketPath === undefined
        ? connect(target.port ?? 3306, target.host)
        : connect(target.socketPath);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on('data', (chunk) => {
        if (trap !== undefined && from === client && chunk.includes(trap)) {
          trap = undefined;
          for (const socket of [client, upstream]) socket.pause();
        } else to.write(chunk);
      });
      from.on('error', () => {});
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
      if (frozen) from.pause();
    }
  });
  await listen(server, 0);
  const { port } = server.address() as AddressInfo;

  const cut = async () => {
    for (const socket of sockets) socket.destroy();
    if (!server.listening) return;
    server.close();
    await once(server, 'close');
  };
  const through = new URL(url);
  through.hostname = '127.0.0.1';
  through.port = String(port);
  through.searchParams.delete('socketPath');
  return {
    url: through.href,
    cut,
    freeze() {
      frozen = true;
      for (const socket of sockets) socket.pause();
    },
    freezeAt(text) {
      trap = text;
    },
    redirect(to, open) {
      target = parseDatabaseUrl(to);
      if (open === 'fall silent') for (const socket of sockets) socket.pause();
    },
    async restore() {
      frozen = false;
      for (const socket of sockets) socket.resume();
      if (!server.listening) await listen(server, port);
    },
    close: cut,
  };
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
}

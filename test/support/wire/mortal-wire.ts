import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { parseDatabaseUrl } from '../../../src/db/url.ts';

/** A way to the database that ends for good, as that of a process that is killed does. */
export interface MortalWire {
  readonly url: string;
  /** Whether it has ended. */
  readonly dead: boolean;
  close(): Promise<void>;
}

/**
 * A TCP hop before the database that lets so many commands through and dies at the next: before it reaches the database,
 * as soon as it was sent, or when it was answered and the answer did not arrive. From then on nothing gets through.
 */
export async function startMortalWire(
  url: string,
  commands: number,
  end: 'before' | 'during' | 'after',
): Promise<MortalWire> {
  const target = parseDatabaseUrl(url);
  const sockets = new Set<Socket>();
  let left = commands;
  let dead = false;
  const die = () => {
    dead = true;
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer((client) => {
    if (dead) return client.destroy();
    const database =
      target.socketPath === undefined
        ? connect(target.port ?? 3306, target.host)
        : connect(target.socketPath);
    let last = false;
    for (const socket of [client, database]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        database.destroy();
      });
    }
    client.on('data', (chunk) => {
      if (dead) return;
      last = left-- <= 0;
      if (last && end === 'before') return die();
      database.write(chunk, () => {
        if (last && end === 'during') die();
      });
    });
    database.on('data', (chunk) => {
      if (last) die();
      else client.write(chunk);
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const through = new URL(url);
  through.hostname = '127.0.0.1';
  through.port = String((server.address() as AddressInfo).port);
  through.searchParams.delete('socketPath');
  return {
    url: through.href,
    get dead() {
      return dead;
    },
    async close() {
      die();
      server.close();
      await once(server, 'close');
    },
  };
}

import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/**
 * A TCP hop before the nodes. It breaks each connection after a random number of answered bytes, wherever that is.
 *
 * @param maxBytes limit of that number
 */
export async function startProxy(nodes, random, maxBytes) {
  const sockets = new Set();
  let cuts = 0;
  let blocked = false;
  let turn = 0;
  const server = createServer((client) => {
    if (blocked) {
      client.on('error', () => {});
      client.destroy();
      return;
    }
    const upstream = connect(nodes[turn++ % nodes.length].port, '127.0.0.1');
    let left = 500 + random.below(maxBytes);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
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
    url: `http://127.0.0.1:${server.address().port}`,
    cuts: () => cuts,
    cutAll() {
      cuts += sockets.size / 2;
      for (const socket of sockets) socket.destroy();
    },
    /** Breaks every connection, and every new one until `unblock`. */
    block() {
      blocked = true;
      this.cutAll();
    },
    unblock() {
      blocked = false;
    },
    /** Carries nothing for a while, in either direction, and breaks nothing. */
    stall() {
      for (const socket of sockets) socket.pause();
    },
    resume() {
      for (const socket of sockets) socket.resume();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

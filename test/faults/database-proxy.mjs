import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/**
 * The TCP hop between one node and the database. A partition breaks nothing: what was open stays open and silent for
 * good, and what is opened meanwhile is served once the partition is over, by the server that is then the current one.
 */
export async function startDatabaseProxy(database) {
  const pairs = new Set();
  const waiting = new Set();
  let partitioned = false;
  const server = createServer((client) => {
    client.on('error', () => {});
    if (!partitioned) return join(client);
    client.pause();
    waiting.add(client);
    client.once('close', () => waiting.delete(client));
  });

  function join(client) {
    const upstream = connect(database.socketPath());
    const pair = { client, upstream, silent: false };
    pairs.add(pair);
    upstream.on('error', () => {});
    client.pipe(upstream);
    upstream.pipe(client);
    client.once('close', () => {
      pairs.delete(pair);
      upstream.destroy();
    });
    upstream.once('close', () => {
      if (!pair.silent) client.destroy();
    });
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `mysql://live@127.0.0.1:${server.address().port}/live`,
    partition() {
      partitioned = true;
      for (const pair of pairs) {
        pair.silent = true;
        pair.client.unpipe();
        pair.upstream.unpipe();
        pair.upstream.pause();
        pair.client.resume();
      }
    },
    heal() {
      partitioned = false;
      for (const client of waiting) {
        waiting.delete(client);
        client.resume();
        join(client);
      }
    },
    async close() {
      for (const { client, upstream } of pairs) {
        client.destroy();
        upstream.destroy();
      }
      for (const client of waiting) client.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

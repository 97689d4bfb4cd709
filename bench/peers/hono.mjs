import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import { createPeer, listen } from './peer.mjs';

const streams = new Set();
const app = new Hono().get('/streams', (c) =>
  streamSSE(c, async (stream) => {
    streams.add(stream);
    await new Promise((resolve) => stream.onAbort(resolve));
    streams.delete(stream);
  }),
);

listen(
  createPeer({
    count: () => streams.size,
    broadcast: ({ id, name, json }) =>
      Promise.all(Array.from(streams, (stream) => stream.writeSSE({ id, event: name, data: json }))),
    open: getRequestListener(app.fetch),
  }),
);

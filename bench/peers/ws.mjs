import { WebSocketServer } from 'ws';
import { createPeer, listen } from './peer.mjs';

const server = createPeer({
  count: () => sockets.clients.size,
  broadcast: ({ json }) => {
    // Encoded once: a string would be encoded again for every socket.
    const bytes = Buffer.from(json);
    for (const socket of sockets.clients) socket.send(bytes, { binary: false });
  },
});
const sockets = new WebSocketServer({ server });

listen(server);

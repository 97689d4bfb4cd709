import { Server } from 'socket.io';
import { createPeer, listen } from './peer.mjs';

const server = createPeer({
  count: () => io.of('/').sockets.size,
  broadcast: ({ name, json }) => io.emit(name, json),
});
// The reading side answers no pings.
const io = new Server(server, { transports: ['websocket'], pingInterval: 3_600_000, serveClient: false });

listen(server);

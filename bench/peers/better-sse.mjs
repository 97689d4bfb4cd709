import { createChannel, createSession } from 'better-sse';
import { createPeer, listen } from './peer.mjs';

const channel = createChannel();

listen(
  createPeer({
    count: () => channel.sessionCount,
    broadcast: ({ id, name, json }) => channel.broadcast(json, name, { eventId: id }),
    // Its own serializer would make the same JSON again for every session.
    open: async (request, response) =>
      channel.register(await createSession(request, response, { serializer: (json) => json })),
  }),
);

// What all peers have in common: POST /events sends events to all streams, GET /health counts those. Each is a process of its own,
// which sends its port to its parent and ends with it.
import { createServer } from 'node:http';

/**
 * @param count number of open streams
 * @param broadcast sends a notification to all of them: its id, its name, its JSON
 * @param open opens a stream, where the peer does not take the server's connections by itself
 */
export function createPeer({ count, broadcast, open }) {
  let id = 0;
  return createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://peer');
    if (pathname === '/health') return response.end(JSON.stringify({ streams: count() }));
    if (pathname !== '/events') return open(request, response);
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    const given = JSON.parse(body);
    const events = Array.isArray(given) ? given : [given];
    for (const event of events) await broadcast(notification(++id, event));
    response.writeHead(201, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ events: events.length }));
  });
}

/** Max time for which a connection is idle, ms: publishers keep theirs longer than Node does by default. */
const KEEP_ALIVE_MS = 120_000;

export function listen(server) {
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  process.once('disconnect', () => process.exit());
  server.listen(0, '127.0.0.1', 4096, () => process.send({ port: server.address().port }));
}

/** The same JSON as the service's, made once for all streams. */
function notification(id, { type, data }) {
  const { title, message, contestId } = data;
  const scope = `contest:${contestId}`;
  const at = new Date().toISOString();
  const json = JSON.stringify({
    id,
    eventId: id,
    scope,
    type,
    title,
    message,
    data: { title, message, severity: 'INFO', contestId },
    at,
  });
  return { id: String(id), name: type.toLowerCase(), json };
}

// Requests and events as the load client sends them, the same for all servers.

/** The contest whose streams are opened. */
export const CONTEST = 1;
const TITLE = 'bench';
const MESSAGE = 'xxxxxxxx{mark}';

/** An event that is published; the load client puts its mark into the message. */
export const EVENT = JSON.stringify({
  type: 'ANNOUNCEMENT',
  data: { contestId: CONTEST, title: TITLE, message: MESSAGE },
});

/** What a stream receives of it, for servers that send on what they are given. */
export const NOTIFICATION = JSON.stringify({
  id: 10_000,
  eventId: 10_000,
  scope: `contest:${CONTEST}`,
  type: 'ANNOUNCEMENT',
  title: TITLE,
  message: MESSAGE,
  data: { title: TITLE, message: MESSAGE, severity: 'INFO', contestId: CONTEST },
  at: '2026-11-30T12:00:00.000Z',
});

const head = (line, headers) => `${[line, 'Host: bench', ...headers].join('\r\n')}\r\n`;

/** A request of a stream; the load client puts a cursor where it resumes. */
export const get = (path, ...headers) => `${head(`GET ${path} HTTP/1.1`, headers)}{resume}\r\n`;

/** A request to become a WebSocket. */
export const upgrade = (path) =>
  get(
    path,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: MTIzNDU2Nzg5MDEyMzQ1Ng==',
  );

/** Publishing, without length and body. */
export const post = (path, ...headers) =>
  head(`POST ${path} HTTP/1.1`, ['Content-Type: application/json', ...headers]);

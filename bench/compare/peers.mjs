// The servers that the service is compared with. Each has a `name`, and starts with `port`, `pids`, `target` and `stop`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { startFile } from '../server-process.mjs';
import { EVENT, get, NOTIFICATION, post, upgrade } from './wire.mjs';

/** A text frame of the two characters that connect to socket.io's namespace, masked with zeros. */
const CONNECT = Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x34, 0x30]);

const NODE_PEERS = {
  bare: { file: 'bare', request: get('/streams'), opened: 'event: stream-open' },
  'hono streamSSE': { file: 'hono', request: get('/streams'), opened: '\r\n\r\n' },
  'better-sse': { file: 'better-sse', request: get('/streams'), opened: 'retry:' },
  'socket.io': {
    file: 'socket-io',
    request: upgrade('/socket.io/?EIO=4&transport=websocket'),
    replyTo: '"sid"',
    reply: CONNECT,
    opened: '40{"sid"',
  },
  ws: { file: 'ws', request: upgrade('/'), opened: '\r\n\r\n' },
};

/** The peers that run in Node, by name. */
export function nodePeers() {
  return Object.entries(NODE_PEERS).map(([name, { file, ...wire }]) => ({
    name,
    async start({ flags = [] } = {}) {
      const server = await startFile(join(import.meta.dirname, '../peers', `${file}.mjs`), flags);
      const target = { ...wire, publish: post('/events'), event: EVENT, port: server.port };
      return { ...server, pids: [server.pid], target };
    },
  }));
}

/** A C program with one `send()` per event and stream: the limit of servers that write each event to each stream. */
export function ceilingPeer(program) {
  return {
    name: 'C send() loop',
    async start() {
      const child = spawn(program, { stdio: ['ignore', 'pipe', 'inherit'] });
      const exited = once(child, 'exit');
      const [line] = await once(child.stdout.setEncoding('utf8'), 'data');
      const port = Number(line);
      return {
        port,
        pids: [child.pid],
        target: {
          port,
          request: get('/streams'),
          opened: ': open',
          publish: post('/events'),
          event: NOTIFICATION,
        },
        async stop() {
          child.kill('SIGKILL');
          await exited;
        },
      };
    },
  };
}

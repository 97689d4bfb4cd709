// The servers that are compared: the built service over an embedded database of its own, and the peers.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deriveKeys } from '../dist/auth/keys.js';
import { mintPlatformToken, mintServiceToken } from '../dist/auth/mint.js';
import { openDatabase } from '../dist/db/database.js';
import { startEmbeddedDatabase } from '../dist/db/embedded/embedded-database.js';
import { migrate } from '../dist/migrate/migrate.js';
import { startFile, startService } from './server-process.mjs';

const SECRET = 'bench-bench-bench-bench-bench';
/** The contest whose streams are opened. */
export const CONTEST = 1;
const USER = 1;

// `kill -USR2` has it collect its garbage: memory is compared without what was merely not collected yet.
const COLLECTS = ['--expose-gc', '--import', 'data:text/javascript,process.on("SIGUSR2",()=>gc())'];

const get = (path, ...headers) =>
  `GET ${path} HTTP/1.1\r\n${['Host: bench', ...headers].join('\r\n')}\r\n\r\n`;
const upgrade = (path) =>
  get(
    path,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: MTIzNDU2Nzg5MDEyMzQ1Ng==',
  );
/** A text frame of the two characters that connect to socket.io's namespace, masked with zeros. */
const CONNECT = Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x34, 0x30]);

const PEERS = {
  'hono streamSSE': { file: 'hono', hello: { ask: get('/streams') } },
  'better-sse': { file: 'better-sse', hello: { ask: get('/streams') } },
  'socket.io': {
    file: 'socket-io',
    hello: { ask: upgrade('/socket.io/?EIO=4&transport=websocket'), to: '"sid"', answer: CONNECT },
  },
  ws: { file: 'ws', hello: { ask: upgrade('/') } },
};

/**
 * A server that runs: `port`, `hello` (what opens a stream), `headers` for publishing, `pid`, `pids` (of all that works for
 * it), and `stop`. A contender has a `name` and can be started again and again.
 */
export async function openContenders() {
  const ours = await openOurs();
  const peers = Object.entries(PEERS).map(([name, { file, hello }]) => ({
    name,
    async start() {
      const server = await startFile(join(import.meta.dirname, 'peers', `${file}.mjs`), COLLECTS);
      return { ...server, pids: [server.pid], hello, headers: {} };
    },
  }));
  return { contenders: [ours, ...peers], close: ours.close };
}

async function openOurs() {
  const directory = await mkdtemp(join(tmpdir(), 'live-bench-'));
  const server = await startEmbeddedDatabase({ directory });
  const close = async () => {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await fill(server.url);
  } catch (error) {
    await close();
    throw error;
  }
  const token = await mintPlatformToken(SECRET, USER);
  const publisher = await mintServiceToken(deriveKeys({ secret: SECRET }).service, 'bench');
  return {
    name: 'CodeCraft Live',
    close,
    async start() {
      const service = await startService(
        {
          DATABASE_URL: server.url,
          JWT_SECRET: SECRET,
          MAX_STREAMS: '1000000',
          MAX_STREAMS_PER_PLAYER: '1000000',
          MAX_REQUESTS_PER_USER: '10000',
          MAX_REQUESTS_PER_SECOND: '0',
        },
        COLLECTS,
      );
      const hello = { ask: get(`/streams/contests/${CONTEST}`, `Authorization: Bearer ${token}`) };
      const headers = { authorization: `Bearer ${publisher}` };
      return { ...service, pids: [service.pid, server.pid], hello, headers };
    },
  };
}

/** One player and a live contest. */
async function fill(url) {
  const database = openDatabase({ url });
  try {
    await migrate(database);
    await database.execute(
      "INSERT INTO users (id, name, email, password) VALUES (?, 'Ada', 'ada@bench.example', '-')",
      [USER],
    );
    await database.execute('INSERT INTO player (id, user_id, level) VALUES (1, ?, 1)', [USER]);
    await database.execute(
      `INSERT INTO contest (id, created_by, problems, title, status, start_time, end_time, duration_mins)
       VALUES (?, ?, '[]', 'Bench', 'LIVE', '2026-01-01 00:00:00', '2100-01-01 00:00:00', 90)`,
      [CONTEST, USER],
    );
    await database.execute('INSERT INTO contest_participant (contest_id, player_id) VALUES (?, 1)', [
      CONTEST,
    ]);
  } finally {
    await database.close();
  }
}

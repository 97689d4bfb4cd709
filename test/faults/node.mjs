import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { SECRET } from './tokens.mjs';

/** One node of the service: a real process of the built program, always on the same port. */
export async function startNode({ dist, databaseUrl }) {
  const port = await freePort();
  let child;

  async function start() {
    child = spawn(process.execPath, [join(dist, 'main.js')], {
      env: {
        PATH: process.env.PATH ?? '',
        NODE_ENV: 'test',
        HOST: '127.0.0.1',
        PORT: String(port),
        DATABASE_URL: databaseUrl,
        JWT_SECRET: SECRET,
        LOG_LEVEL: 'info',
        STREAM_RETRY_MS: '20',
        MAX_REQUESTS_PER_SECOND: '0',
      },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const started = child;
    await new Promise((done, failed) => {
      started.once('exit', (code) => failed(new Error(`a node ended with ${code} at its start`)));
      started.stdout.on('data', (chunk) => {
        if (chunk.toString().includes('listening')) done();
      });
    });
  }

  async function end(signal) {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }

  process.once('exit', () => child?.kill('SIGKILL'));
  await start();
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    start,
    kill: () => end('SIGKILL'),
    terminate: () => end('SIGTERM'),
    freeze: () => child.kill('SIGSTOP'),
    thaw: () => child.kill('SIGCONT'),
  };
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

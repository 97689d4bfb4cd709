import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SECRET } from './tokens.mjs';

const START_ATTEMPTS = 5;
/** Lets a signal collect garbage, so that what a node holds can be measured. */
const COLLECTABLE = ['--expose-gc', '--import', "data:text/javascript,process.on('SIGUSR2', () => gc())"];

/**
 * One node of the service: a real process of the built program, always on the same port.
 *
 * @param logs a folder for a file with all that it logs
 */
export async function startNode({ dist, databaseUrl, redisUrl, logs }) {
  const port = await freePort();
  if (logs) mkdirSync(logs, { recursive: true });
  let child;
  let program = dist;
  let output = '';
  let kills = 0;
  const resets = [];

  /** Starts it as a supervisor does: again where it ends because the database does not answer in time. */
  async function start(options) {
    for (let attempt = 1; ; attempt++)
      try {
        return await startOnce(options);
      } catch (error) {
        if (attempt === START_ATTEMPTS || !error.message.includes('cannot be reached')) throw error;
      }
  }

  /** @param clock an offset as faketime takes it, such as `+3h` */
  async function startOnce({ clock } = {}) {
    child = spawn(process.execPath, [...COLLECTABLE, join(program, 'main.js')], {
      env: {
        ...(clock ? fakeTime(clock) : {}),
        PATH: process.env.PATH ?? '',
        NODE_ENV: 'test',
        HOST: '127.0.0.1',
        PORT: String(port),
        DATABASE_URL: databaseUrl,
        ...(redisUrl ? { REDIS_URL: redisUrl } : {}),
        JWT_SECRET: SECRET,
        LOG_LEVEL: 'info',
        STREAM_RETRY_MS: '20',
        STANDINGS_CHECK_MS: '500',
        HEARTBEAT_INTERVAL: '1000',
        HEARTBEAT_TIMEOUT: '5000',
        SHUTDOWN_DRAIN_MS: '200',
        MAX_REQUESTS_PER_SECOND: '0',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const started = child;
    await new Promise((done, failed) => {
      started.once('exit', (code) =>
        failed(new Error(`a node ended with ${code} at its start: ${output.slice(-2_000)}`)),
      );
      const keep = (chunk) => {
        output = (output + chunk).slice(-20_000);
        if (logs) appendFileSync(join(logs, `${port}.log`), chunk);
      };
      started.stderr.on('data', keep);
      started.stdout.on('data', (chunk) => {
        keep(chunk);
        for (const line of chunk.toString().split('\n'))
          if (line.includes('the log was reset')) resets.push(line.slice(0, 300));
        if (chunk.toString().includes('listening')) done();
      });
    });
  }

  const isRunning = () => child !== undefined && child.exitCode === null && child.signalCode === null;

  async function end(signal) {
    if (!isRunning()) return;
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
    /** The newest log lines. */
    output: () => output,
    /** What it logged of a log that was reset, over all its lives. */
    resets,
    /** The next start runs this build. */
    use: (other) => {
      program = other;
    },
    kill() {
      if (isRunning()) kills++;
      return end('SIGKILL');
    },
    /** Starts it, and kills it after so many ms, wherever its start is by then. */
    async interruptStart(ms) {
      startOnce().catch(() => {});
      await sleep(ms);
      await this.kill();
    },
    /** How often it was killed. */
    kills: () => kills,
    collectGarbage: () => child.kill('SIGUSR2'),
    terminate: () => end('SIGTERM'),
    freeze: () => child.kill('SIGSTOP'),
    thaw: () => child.kill('SIGCONT'),
  };
}

/** The library itself: the program `faketime` starts another process, which would outlive a kill. */
function fakeTime(clock) {
  const folders = ['x86_64-linux-gnu', 'aarch64-linux-gnu'].map((name) => `/usr/lib/${name}/faketime`);
  const library = folders.map((folder) => `${folder}/libfaketime.so.1`).find(existsSync);
  if (!library) throw new Error('libfaketime was not found: install the package faketime.');
  return { LD_PRELOAD: library, FAKETIME: clock, FAKETIME_DONT_FAKE_MONOTONIC: '1' };
}

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

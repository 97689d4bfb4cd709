import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from 'redis';
import { ensureProgram } from './database/apt.ts';
import { until } from './until.ts';
import { freePort } from './wire/free-port.ts';

/** A Redis of a test's own, found on this machine or installed, without persistence. */
export interface RedisServer {
  readonly url: string;
  readonly port: number;
  start(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** SIGSTOP: connections stay, and nothing is answered. */
  freeze(): void;
  resume(): void;
  /** Runs `work` with a client of its own. */
  ask<T>(work: (client: ReturnType<typeof clientOf>) => Promise<T>): Promise<T>;
  stop(): Promise<void>;
}

const clientOf = (url: string) => createClient({ url, socket: { reconnectStrategy: false } });

/** @param options `started: false` leaves it to the test to start it */
export async function startRedis({ started = true } = {}): Promise<RedisServer> {
  const program = await ensureProgram('redis-server');
  const directory = await mkdtemp(join(tmpdir(), 'codecraft-redis-'));
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  let child: ChildProcess | undefined;

  const ask: RedisServer['ask'] = async (work) => {
    const client = clientOf(url);
    client.on('error', () => {});
    await client.connect();
    try {
      return await work(client);
    } finally {
      if (client.isOpen) client.destroy();
    }
  };
  async function start(): Promise<void> {
    const options = [
      '--port',
      port,
      '--bind',
      '127.0.0.1',
      '--save',
      '',
      '--appendonly',
      'no',
      '--dir',
      directory,
    ];
    child = spawn(program, options.map(String), { stdio: 'ignore' });
    await until(() => ask((client) => client.ping()));
  }
  async function kill(): Promise<void> {
    const running = child;
    child = undefined;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    const gone = once(running, 'exit');
    running.kill('SIGKILL');
    await gone;
  }
  if (started) await start();
  return {
    url,
    port,
    start,
    kill,
    freeze: () => child?.kill('SIGSTOP'),
    resume: () => child?.kill('SIGCONT'),
    ask,
    async stop() {
      await kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

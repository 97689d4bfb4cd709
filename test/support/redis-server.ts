import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from 'redis';
import { afterAll, beforeAll } from 'vitest';
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
  const { create, redis } = planRedis();
  await create();
  if (started) await redis.start();
  return redis;
}

/** The Redis of a test file or of a block of tests, started before the first and stopped after the last. */
export function prepareRedis(): RedisServer {
  const { create, redis } = planRedis();
  beforeAll(async () => {
    await create();
    await redis.start();
  }, 120_000);
  afterAll(() => redis.stop());
  return redis;
}

/** A Redis that `create` finds a program, a folder and a port for. */
function planRedis(): { readonly redis: RedisServer; readonly create: () => Promise<void> } {
  let program = '';
  let directory = '';
  let port = 0;
  const urlOf = () => `redis://127.0.0.1:${port}`;
  let child: ChildProcess | undefined;

  const ask: RedisServer['ask'] = async (work) => {
    const client = clientOf(urlOf());
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
  const redis: RedisServer = {
    get url() {
      return urlOf();
    },
    get port() {
      return port;
    },
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
  async function create(): Promise<void> {
    program = await ensureProgram('redis-server');
    directory = await mkdtemp(join(tmpdir(), 'codecraft-redis-'));
    port = await freePort();
  }
  return { redis, create };
}

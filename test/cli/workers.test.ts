import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { mintPlatformToken } from '../../src/auth/mint.ts';
import { createTestDatabase, type TestDatabase } from '../support/database/database.ts';
import { createPlayer } from '../support/database/platform.ts';
import {
  childrenOf,
  MAIN,
  PROGRAM_WAIT,
  type Program,
  processesOf,
  startProgram,
} from '../support/program.ts';
import { environment, note, publishTo, SECRET, serviceTokenOf } from '../support/service.ts';
import { freePort } from '../support/wire/free-port.ts';
import { listen } from '../support/wire/listener.ts';
import { readStream } from '../support/wire/raw-stream.ts';

const WORKERS = 2;

const eventually = (check: () => unknown) => vi.waitFor(check, PROGRAM_WAIT);

/** Starts a supervisor with workers, from the command line or by `main.js`. Resolves when all listen. */
async function startWorkers(
  env: Record<string, string>,
  command: readonly string[] = [MAIN],
): Promise<Program> {
  const program = startProgram([process.execPath, ...command, '--workers', String(WORKERS)], {
    ...env,
    LOG_LEVEL: 'info',
  });
  await eventually(() => expect(program.output().match(/"listening"/g)).toHaveLength(WORKERS));
  return program;
}

/** First of as many free ports in a row as there are workers. */
async function freePorts(): Promise<number> {
  for (;;) {
    const first = await freePort();
    const next = createServer();
    const isFree = await new Promise((done) => {
      next.once('error', () => done(false)).listen(first + 1, '127.0.0.1', () => done(true));
    });
    next.close();
    if (isFree) return first;
  }
}

const healthAt = async (port: number) =>
  (await (await fetch(`http://127.0.0.1:${port}/health`)).json()) as {
    node: string;
    worker: number;
    streams: number;
  };

function alive(pids: readonly number[]): number[] {
  return pids.filter((pid) => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  });
}

/** The lines that were logged as errors. */
const errorsIn = (output: string) =>
  output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as { level: number })
    .filter(({ level }) => level >= 50);

describe('Workers on one port', { timeout: 600_000 }, () => {
  let test: TestDatabase;
  beforeAll(async () => {
    test = await createTestDatabase();
  });
  afterAll(() => test.drop());

  it('are nodes of their own, share the streams, are started again, and are closed together', async () => {
    const [port, own] = [await freePort(), await freePorts()];
    const url = `http://127.0.0.1:${port}`;
    const { child, output } = await startWorkers(
      environment(test.url, {
        PORT: String(port),
        WORKER_PORTS: String(own),
        SHUTDOWN_DRAIN_MS: '1000',
        STREAM_RETRY_MS: '20',
      }),
    );
    const pids = await childrenOf(child.pid as number);
    expect(pids).toHaveLength(WORKERS);
    expect(output().match(/"supervising workers"/g)).toHaveLength(1);

    const [first, second] = [await healthAt(own), await healthAt(own + 1)];
    expect([first.worker, second.worker]).toEqual([1, 2]);
    expect(first.node).not.toBe(second.node);
    expect(await (await fetch(`http://127.0.0.1:${own + 1}/metrics`)).text()).toMatch(
      /^live_streams_open\{worker="2"\} \d+$/m,
    );
    expect((await fetch(`http://127.0.0.1:${own}/docs`)).status).toBe(404);

    // Connections go to the workers in turn.
    const { userId, playerId } = await createPlayer(test.database);
    const token = await mintPlatformToken(SECRET, userId);
    const streams = await Promise.all(
      Array.from({ length: 8 }, () =>
        readStream(`${url}/streams/players/me`, { authorization: `Bearer ${token}` }),
      ),
    );
    const listener = listen(`${url}/streams/players/me`, token);
    onTestFinished(() => listener.close());
    await eventually(() =>
      expect(streams.every(({ events }) => events.at(-1)?.event === 'caught-up')).toBe(true),
    );
    await eventually(() => expect(listener.opened).toHaveLength(1));
    const shares = [(await healthAt(own)).streams, (await healthAt(own + 1)).streams];
    expect(shares.reduce((sum, share) => sum + share, 0)).toBe(9);
    expect(Math.min(...shares)).toBeGreaterThan(0);

    const service = await serviceTokenOf(SECRET);
    expect((await publishTo(url, service, note(playerId, 'one'))).status).toBe(201);
    await eventually(() =>
      expect(streams.every(({ events }) => events.at(-1)?.event === 'announcement')).toBe(true),
    );

    // Both are killed, one after the other: the listener's own is among them.
    for (const [index, pid] of pids.entries()) {
      const before = await healthAt(own + index);
      process.kill(pid, 'SIGKILL');
      await eventually(async () => expect((await healthAt(own + index)).node).not.toBe(before.node));
    }
    expect((await publishTo(url, service, note(playerId, 'two'))).status).toBe(201);
    await eventually(() => expect(listener.received.map(({ title }) => title)).toEqual(['one', 'two']));

    const renewed = await childrenOf(child.pid as number);
    const late = await readStream(`${url}/streams/players/me`, { authorization: `Bearer ${token}` });
    await eventually(() => expect(late.events.at(-1)?.event).toBe('caught-up'));
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await eventually(() => expect(late.ended).toBe(true));
    expect(late.events.at(-1)).toMatchObject({
      event: 'stream-close',
      data: JSON.stringify({ reason: 'shutdown', reconnect: true }),
    });
    expect(await exited).toEqual([0, null]);
    expect(alive([...pids, ...renewed])).toEqual([]);
    expect(errorsIn(output())).toEqual([]);
  });

  it('close their streams and end when their supervisor is gone', async () => {
    const port = await freePort();
    const { child } = await startWorkers(environment(test.url, { PORT: String(port) }), [
      MAIN.replace('main.js', 'cli/main.js'),
      'start',
    ]);
    const pids = await childrenOf(child.pid as number);
    const { userId } = await createPlayer(test.database);
    const stream = await readStream(`http://127.0.0.1:${port}/streams/players/me`, {
      authorization: `Bearer ${await mintPlatformToken(SECRET, userId)}`,
    });
    await eventually(() => expect(stream.events.at(-1)?.event).toBe('caught-up'));
    child.kill('SIGKILL');
    await eventually(() => expect(stream.ended).toBe(true));
    expect(stream.events.at(-1)?.event).toBe('stream-close');
    await eventually(() => expect(alive(pids)).toEqual([]));
  });

  it('that cannot listen are one error, and nothing is left running', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    onTestFinished(() => void taken.close());
    const { port } = taken.address() as { port: number };
    const { child, output } = startProgram(
      [process.execPath, MAIN, '--workers', '3'],
      environment(test.url, { PORT: String(port) }),
    );
    expect(await once(child, 'close')).toEqual([1, null]);
    expect(output()).toBe(
      `Cannot listen at 127.0.0.1, port ${port}: the port is in use. Set HOST and PORT to a free address of this machine.\n` +
        'The first worker ended before it listened (code 1).\n',
    );
  });
});

describe('Workers with an embedded database', { timeout: 600_000 }, () => {
  async function place(): Promise<string> {
    const directory = await mkdtemp(join(tmpdir(), 'codecraft-workers-'));
    onTestFinished(() => rm(directory, { recursive: true, force: true, maxRetries: 10 }));
    return directory;
  }

  /** Resolves when neither the processes nor the database of a directory run any more. */
  async function allGone(directory: string, pids: readonly number[]): Promise<void> {
    await eventually(async () => expect(await processesOf(directory)).toEqual([]));
    await eventually(() => expect(alive(pids)).toEqual([]));
  }

  it.each([
    ['SIGHUP', 'one signal', [0, null]],
    ['SIGINT', 'two signals', [130, null]],
  ] as const)('share one, which ends with them (%s: %s)', async (signal, _, exit) => {
    const directory = await place();
    const { child } = await startWorkers({
      DATA_DIR: directory,
      PORT: '0',
      ...(signal === 'SIGINT' ? { SHUTDOWN_DRAIN_MS: '600000' } : {}),
    });
    const pids = await childrenOf(child.pid as number);
    expect(await processesOf(directory)).toHaveLength(1);
    const exited = once(child, 'exit');
    child.kill(signal);
    // The next one counts once half a second has passed.
    const again = setInterval(() => signal === 'SIGINT' && child.kill(signal), 100);
    expect(await exited).toEqual(exit);
    clearInterval(again);
    await allGone(directory, pids);
  });

  it('that are stopped while the first one starts leave nothing running', async () => {
    const directory = await place();
    const { child, says, output } = startProgram([process.execPath, MAIN, '--workers', '2'], {
      DATA_DIR: directory,
      PORT: '0',
    });
    await says('applied 0000');
    await eventually(async () => expect(await childrenOf(child.pid as number)).toHaveLength(2));
    const pids = await childrenOf(child.pid as number);
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
    expect(output()).toContain('"closed"');
    await allGone(directory, pids);
    expect(await readFile(join(directory, 'mariadb/error.log'), 'utf8')).toContain('Shutdown complete');
  });
});

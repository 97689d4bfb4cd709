import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { freePort } from './wire/free-port.ts';

const MAIN = resolve(import.meta.dirname, '../../dist/main.js');

export interface ServiceProcess {
  readonly url: string;
  /** SIGKILL: no goodbye, nothing flushed. */
  kill(): Promise<void>;
  /** SIGTERM: it closes its streams and leaves. Resolves when it has ended. */
  terminate(): Promise<void>;
  /** Starts again on the same port. */
  start(): Promise<void>;
  /** SIGSTOP: it does nothing any more, and its connections stay open. */
  freeze(): void;
  /** SIGCONT. */
  resume(): void;
}

/** The built service in a process of its own, which can be killed. */
export async function startServiceProcess(env: Record<string, string>): Promise<ServiceProcess> {
  const port = await freePort();
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    const started = spawn(process.execPath, [MAIN], {
      env: { PATH: process.env.PATH ?? '', ...env, PORT: String(port), LOG_LEVEL: 'info' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child = started;
    await new Promise<void>((done, failed) => {
      started.once('exit', (code) => failed(new Error(`the service ended with ${code}`)));
      started.stdout?.on('data', (chunk: Buffer) => {
        if (chunk.toString().includes('listening')) done();
      });
    });
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }

  await start();
  return {
    url: `http://127.0.0.1:${port}`,
    start,
    kill: () => end('SIGKILL'),
    terminate: () => end('SIGTERM'),
    freeze: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
  };
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { endWithProcess } from './end-with-process.ts';

const APT_GET = '/usr/bin/apt-get';
const BOUND_MS = 10 * 60_000;
/** Max time for apt-get and its children to exit after SIGTERM, in ms. */
const END_BOUND_MS = 3_000;

/** Whether apt can install packages here without a prompt. */
export function aptIsUsable(): boolean {
  return process.getuid?.() === 0 && existsSync(APT_GET);
}

/**
 * Installs one package. Fails where another would have to be removed.
 *
 * @param signal ends the installation at once
 * @throws Error with the end of apt-get's output; the signal's reason
 */
export async function aptInstall(
  packageName: string,
  signal?: AbortSignal,
  program: string = APT_GET,
): Promise<void> {
  const aptGet = (...args: string[]) => run(program, args, signal);
  const install = ['install', '--yes', '--no-install-recommends', '--no-remove', packageName];
  try {
    await aptGet(...install);
  } catch {
    signal?.throwIfAborted();
    await aptGet('update'); // the package lists are missing or old
    await aptGet(...install);
  }
}

async function run(program: string, args: readonly string[], signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  // A process group of its own, so that all of it can be ended: apt-get, its downloads and dpkg.
  const child = spawn(program, ['-qq', '-o', 'DPkg::Lock::Timeout=120', ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const { pid } = child;
  const kill = (how: NodeJS.Signals) => {
    if (pid === undefined) return;
    try {
      process.kill(-pid, how);
    } catch {
      // The whole group is gone already.
    }
  };
  const timers: NodeJS.Timeout[] = [];
  const end = () => {
    kill('SIGTERM');
    timers.push(setTimeout(() => kill('SIGKILL'), END_BOUND_MS));
  };
  timers.push(setTimeout(end, BOUND_MS));
  signal?.addEventListener('abort', end, { once: true });
  const forget = endWithProcess(() => kill('SIGKILL'));
  try {
    const [out, err, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ]);
    signal?.throwIfAborted();
    if (code !== 0) throw new Error(`${out}\n${err}`.trim().split('\n').slice(-15).join('\n'));
  } finally {
    forget();
    signal?.removeEventListener('abort', end);
    for (const timer of timers) clearTimeout(timer);
  }
}

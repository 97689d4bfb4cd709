import { type ChildProcess, spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { onTestFinished, vi } from 'vitest';

/** The built service's program. */
export const MAIN = resolve(import.meta.dirname, '../../dist/main.js');

/** Limit of waits for what a program does: a busy machine takes a minute to start one. */
export const PROGRAM_WAIT = { timeout: 150_000, interval: 50 };

export interface Program {
  readonly child: ChildProcess;
  /** What it has written, to either output. */
  readonly output: () => string;
  /** Resolves once it has written these words. */
  says(words: string): Promise<unknown>;
}

/** Starts a program, which is killed when the test ends. */
export function startProgram(command: readonly string[], env: Record<string, string>): Program {
  const [program = '', ...args] = command;
  const child = spawn(program, args, {
    env: { PATH: process.env.PATH ?? '', NODE_ENV: 'test', DEMO: 'off', ...env },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let said = '';
  for (const output of [child.stdout, child.stderr])
    output?.on('data', (chunk) => {
      said += chunk;
    });
  return {
    child,
    output: () => said,
    says: (words) => vi.waitUntil(() => said.includes(words), PROGRAM_WAIT),
  };
}

/** The processes whose command line names a directory. */
export async function processesOf(directory: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of await readdir('/proc')) {
    const args = /^\d+$/.test(pid) ? await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '') : '';
    if (args.includes(directory)) found.push(args.replaceAll('\0', ' '));
  }
  return found;
}

/** Ids of the living processes that a process has started. */
export async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return text.trim().split(' ').filter(Boolean).map(Number);
}

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Process, distinguished from a later one with the same pid. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Start time, opaque: compare for equality only. */
  readonly began: string;
}

/** Identifies the process of a pid; undefined where none runs. A zombie does not run. */
export function identify(pid: number): ProcessIdentity | undefined {
  try {
    const { state, began } = process.platform === 'linux' ? readProc(pid) : askPs(pid);
    return state === 'Z' || state === 'X' ? undefined : { pid, began };
  } catch {
    return undefined;
  }
}

export function isRunning(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.began === identity.began;
}

/** Parses an identity written by `JSON.stringify`; undefined for anything else. */
export function parseIdentity(text: string): ProcessIdentity | undefined {
  try {
    const { pid, began } = JSON.parse(text) as Partial<ProcessIdentity>;
    return Number.isSafeInteger(pid) && typeof began === 'string' ? { pid: pid as number, began } : undefined;
  } catch {
    return undefined;
  }
}

/** Sends a signal and waits until the process is gone; false if it still runs after `boundMs`. */
export async function endProcess(
  identity: ProcessIdentity,
  signal: 'SIGTERM' | 'SIGKILL',
  boundMs: number,
): Promise<boolean> {
  const deadline = performance.now() + boundMs;
  if (isRunning(identity)) process.kill(identity.pid, signal);
  while (isRunning(identity)) {
    if (performance.now() > deadline) return false;
    await sleep(20);
  }
  return true;
}

/** proc(5): the state is field 3, the start in ticks since boot is field 22; the name, field 2, may hold anything. */
function readProc(pid: number) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { state, began: `${rest[18]} ${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}` };
}

function askPs(pid: number) {
  const env = { ...process.env, LC_ALL: 'C' };
  const line = execFileSync('ps', ['-o', 'stat=', '-o', 'lstart=', '-p', `${pid}`], {
    env,
    encoding: 'utf8',
  });
  return { state: line.trim().charAt(0), began: line.trim().replace(/^\S+\s+/, '') };
}

// The machine that a run was on, without names.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { median } from './measurements.mjs';

const SAMPLE_MS = 1_000;
/** Above so many busy cores before a round, other work ran beside it. */
const QUIET_CORES = 0.15;

/** Cores that are busy now, while the bench does nothing. */
export async function busyCores() {
  const before = ticks();
  await sleep(SAMPLE_MS);
  const after = ticks();
  return ((after.busy - before.busy) / (after.all - before.all)) * availableParallelism();
}

function ticks() {
  const values = readFileSync('/proc/stat', 'utf8')
    .split('\n')[0]
    .trim()
    .split(/\s+/)
    .slice(1, 9)
    .map(Number);
  const all = values.reduce((sum, value) => sum + value, 0);
  return { all, busy: all - values[3] - values[4] };
}

/** @param busy result of `busyCores` before each round */
export function describeMachine(busy) {
  const busyNow = median(busy);
  return {
    cores: availableParallelism(),
    node: process.versions.node,
    mariadb: versionOf('mariadbd', /Ver ([\d.]+)/),
    nginx: versionOf('nginx', /nginx\/([\d.]+)/, '-v'),
    busyCores: busyNow,
    quiet: busyNow < QUIET_CORES,
  };
}

function versionOf(program, pattern, option = '--version') {
  try {
    const text = execFileSync('sh', ['-c', `PATH="$PATH:/usr/sbin" ${program} ${option} 2>&1`], {
      encoding: 'utf8',
    });
    return pattern.exec(text)?.[1];
  } catch {
    return undefined;
  }
}

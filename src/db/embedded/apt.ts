import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';

const APT_GET = '/usr/bin/apt-get';
const BOUND_MS = 10 * 60_000;

/** Whether apt can install something here without asking anybody. */
export function aptIsUsable(): boolean {
  return process.getuid?.() === 0 && existsSync(APT_GET);
}

/**
 * Installs one package. It never removes another: where that would be needed it fails.
 *
 * @throws Error with the end of what apt-get said.
 */
export async function aptInstall(packageName: string): Promise<void> {
  const install = ['install', '--yes', '--no-install-recommends', '--no-remove', packageName];
  try {
    await aptGet(install);
  } catch {
    await aptGet(['update']); // the package lists are missing or old
    await aptGet(install);
  }
}

async function aptGet(args: readonly string[]): Promise<void> {
  try {
    await promisify(execFile)(APT_GET, ['-qq', '-o', 'DPkg::Lock::Timeout=120', ...args], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      timeout: BOUND_MS,
      maxBuffer: 16 * 1024 * 1024,
    });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`${stdout}\n${stderr}`.trim().split('\n').slice(-15).join('\n'));
  }
}

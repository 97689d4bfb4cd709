import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';

const DIRECTORIES = ['/usr/sbin', '/usr/bin', '/usr/local/sbin', '/usr/local/bin'];
const run = promisify(execFile);

/** The path of a program, whose Debian package is installed where it is missing and that is possible. */
export async function ensureProgram(name: string, packageName = name): Promise<string> {
  const find = () => DIRECTORIES.map((directory) => `${directory}/${name}`).find((path) => existsSync(path));
  const present = find();
  if (present !== undefined) return present;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['-qq', 'update'], { env });
  await run('apt-get', ['-qq', 'install', '--yes', '--no-install-recommends', packageName], { env });
  const installed = find();
  if (installed === undefined) throw new Error(`${name} is needed: apt-get install ${packageName}`);
  return installed;
}

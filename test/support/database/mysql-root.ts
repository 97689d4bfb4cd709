import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { aptInstall, aptIsUsable } from '../../../src/db/embedded/apt.ts';

/** A Debian below this checkout that holds a MySQL server; kept from run to run. */
const ROOT = fileURLToPath(new URL('../../../.data/mysql/root', import.meta.url));
const UNFINISHED = 'unfinished-';
const run = promisify(execFile);

/**
 * Debian releases carry MariaDB; MySQL itself is in sid, and goes into a root of its own.
 *
 * @returns the directory for chroot(8).
 * @throws Error where this is not a Debian, or not its superuser.
 */
export async function ensureMysqlRoot(): Promise<string> {
  if (existsSync(ROOT)) return ROOT;
  if (!aptIsUsable()) {
    throw new Error(
      'A MySQL server can be set up on Debian as root only: set MYSQL_TEST_URL to one of your own.',
    );
  }
  console.log('setting up a MySQL server below .data/mysql, once');
  if (!existsSync('/usr/sbin/debootstrap')) await aptInstall('debootstrap');

  const parent = dirname(ROOT);
  await mkdir(parent, { recursive: true });
  await chmod(parent, 0o700);
  for (const name of await readdir(parent)) {
    if (name.startsWith(UNFINISHED)) await rm(join(parent, name), { recursive: true, force: true });
  }
  const unfinished = await mkdtemp(join(parent, UNFINISHED));
  await chmod(unfinished, 0o755);
  const options = [
    '--variant=minbase',
    '--include=mysql-server-core',
    'sid',
    unfinished,
    await debianMirror(),
  ];
  await run('/usr/sbin/debootstrap', options, { timeout: 15 * 60_000, maxBuffer: 16 * 1024 * 1024 });
  await run('chroot', [unfinished, 'apt-get', 'clean']);
  await mkdir(join(unfinished, 'var/lib/mysql-files'), { recursive: true });
  await rename(unfinished, ROOT);
  return ROOT;
}

/** The mirror that this machine's own apt takes its release from. */
async function debianMirror(): Promise<string> {
  const format = '$(REPO_URI) $(RELEASE) $(COMPONENT)';
  const { stdout } = await run('apt-get', ['indextargets', '--format', format, 'Created-By: Packages']);
  for (const line of stdout.split('\n')) {
    const [uri = '', release = '', component] = line.split(' ');
    if (uri.endsWith('/debian/') && !release.includes('-') && component === 'main') return uri;
  }
  throw new Error('apt names no Debian mirror: set MYSQL_TEST_URL to a MySQL server of your own.');
}

import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

export const ROOT = resolve(import.meta.dirname, '../..');
const run = promisify(execFile);

/** An application that has installed the package from its tarball. */
export interface Application {
  readonly folder: string;
  /** The paths in the tarball. */
  readonly files: readonly string[];
  write(name: string, text: string): Promise<string>;
  remove(): Promise<void>;
}

/** Packs what was built, and unpacks it as an installer would. */
export async function installPackage(): Promise<Application> {
  const place = await mkdtemp(join(tmpdir(), 'packaging-'));
  const folder = join(place, 'application');
  const installed = join(folder, 'node_modules/codecraft-live');
  await mkdir(installed, { recursive: true });
  // What the package depends on is found one folder further up, as where a workspace has hoisted it.
  await symlink(join(ROOT, 'node_modules'), join(place, 'node_modules'));
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', place], {
    cwd: ROOT,
  });
  const [packed] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
  await run('tar', ['-xzf', join(place, packed.filename), '-C', installed, '--strip-components=1']);
  await writeFile(join(folder, 'package.json'), '{"type":"module","private":true}');
  return {
    folder,
    files: packed.files.map(({ path }) => path),
    async write(name, text) {
      await writeFile(join(folder, name), text);
      return join(folder, name);
    },
    remove: () => rm(place, { recursive: true }),
  };
}

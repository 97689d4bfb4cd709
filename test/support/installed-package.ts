import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
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

/**
 * Packs what was built, and unpacks it as an installer would.
 *
 * @param template a folder that the application begins as; with a `package-lock.json`, what that names is installed, too,
 *   and with it the package may have nothing else: `hoisted: false`
 */
export async function installPackage(
  template?: string,
  { hoisted = true }: { readonly hoisted?: boolean } = {},
): Promise<Application> {
  const place = await mkdtemp(join(tmpdir(), 'packaging-'));
  const folder = join(place, 'application');
  const installed = join(folder, 'node_modules/codecraft-live');
  if (template === undefined) {
    await mkdir(folder);
    await writeFile(join(folder, 'package.json'), '{"type":"module","private":true}');
  } else {
    await cp(template, folder, { recursive: true });
    // What is installed is all prebuilt: no script of a package has to run for it.
    await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'], {
      cwd: folder,
    });
  }
  // What the package depends on is found one folder further up, as where a workspace has hoisted it.
  if (hoisted) await symlink(join(ROOT, 'node_modules'), join(place, 'node_modules'));
  await mkdir(installed, { recursive: true });
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', place], {
    cwd: ROOT,
  });
  const [packed] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
  await run('tar', ['-xzf', join(place, packed.filename), '-C', installed, '--strip-components=1']);
  return {
    folder,
    files: packed.files.map(({ path }) => path),
    async write(name, text) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), text);
      return join(folder, name);
    },
    remove: () => rm(place, { recursive: true }),
  };
}

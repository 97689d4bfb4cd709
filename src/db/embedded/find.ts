import { execFile } from 'node:child_process';
import { access, constants, realpath } from 'node:fs/promises';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';

/** MariaDB server found on this machine. */
export interface MariaDb {
  readonly program: string;
  /** SQL files that initialise a data directory, in the order in which they run. */
  readonly systemTables: readonly string[];
}

const USUAL_DIRECTORIES = [
  '/usr/sbin',
  '/usr/bin',
  '/usr/libexec',
  '/usr/local/sbin',
  '/usr/local/bin',
  '/usr/local/mysql/bin',
  '/usr/local/opt/mariadb/bin',
  '/opt/homebrew/opt/mariadb/bin',
  '/home/linuxbrew/.linuxbrew/opt/mariadb/bin',
];

export function usualDirectories(): string[] {
  return [...(process.env.PATH ?? '').split(delimiter).filter(isAbsolute), ...USUAL_DIRECTORIES];
}

/** Finds the first complete MariaDB server in these directories. A `mysqld` counts only if it is MariaDB's. */
export async function findMariaDb(directories: Iterable<string>): Promise<MariaDb | undefined> {
  for (const directory of new Set(directories)) {
    for (const name of ['mariadbd', 'mysqld']) {
      const program = join(directory, name);
      if (!(await isMariaDb(program))) continue;
      const systemTables = await findSystemTables(program);
      if (systemTables) return { program, systemTables };
    }
  }
  return undefined;
}

async function isMariaDb(program: string): Promise<boolean> {
  try {
    await access(program, constants.X_OK);
    const { stdout } = await promisify(execFile)(program, ['--no-defaults', '--version'], {
      timeout: 10_000,
    });
    return stdout.includes('MariaDB');
  } catch {
    return false;
  }
}

/** MariaDB 11 renamed the files, and some packagers the directory. */
async function findSystemTables(program: string): Promise<string[] | undefined> {
  for (const prefix of [dirname(dirname(program)), dirname(dirname(await realpath(program)))]) {
    for (const share of ['share/mariadb', 'share/mysql', 'share']) {
      for (const brand of ['mariadb', 'mysql']) {
        const files = ['system_tables', 'performance_tables', 'system_tables_data'].map((tables) =>
          join(prefix, share, `${brand}_${tables}.sql`),
        );
        if (await readable(files)) return files;
      }
    }
  }
  return undefined;
}

async function readable(files: readonly string[]): Promise<boolean> {
  try {
    await Promise.all(files.map((file) => access(file, constants.R_OK)));
    return true;
  } catch {
    return false;
  }
}

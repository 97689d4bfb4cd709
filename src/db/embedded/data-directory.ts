import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { EmbeddedDatabaseError } from '../errors.ts';
import { endWithProcess } from './end-with-process.ts';
import type { MariaDb } from './find.ts';
import type { Place } from './place.ts';

const UNFINISHED = 'data-unfinished-';
const BOUND_MS = 120_000;

/**
 * Creates the data directory if it is missing. It is built beside its path and renamed, so that it is complete or absent.
 * `mariadb-install-db` does the same, but as Debian packages it needs the client's package, and as root it changes the
 * machine's own PAM plugin.
 *
 * @param signal aborts it; the next call deletes what is incomplete
 * @throws EmbeddedDatabaseError with the server's output; the signal's reason.
 */
export async function ensureDataDirectory(
  place: Place,
  mariadb: MariaDb,
  signal?: AbortSignal,
): Promise<void> {
  if (await exists(place.data)) return;
  for (const name of await readdir(place.root)) {
    if (!name.startsWith(UNFINISHED)) continue;
    // Retried, as the bootstrap of a service that was killed may still be writing.
    await rm(join(place.root, name), { recursive: true, force: true, maxRetries: 10 });
  }
  const unfinished = await mkdtemp(join(place.root, UNFINISHED));
  await bootstrap(mariadb, unfinished, { scratch: place.scratch, signal });
  await rename(unfinished, place.data);
}

async function bootstrap(
  mariadb: MariaDb,
  directory: string,
  { scratch, signal }: { readonly scratch: string; readonly signal: AbortSignal | undefined },
): Promise<void> {
  signal?.throwIfAborted();
  const child = spawn(
    mariadb.program,
    [
      '--no-defaults',
      '--bootstrap',
      '--silent-startup',
      '--log-warnings=0',
      '--enforce-storage-engine=',
      `--datadir=${directory}`,
      `--tmpdir=${scratch}`,
    ],
    { cwd: directory, stdio: ['pipe', 'ignore', 'pipe'], timeout: BOUND_MS, killSignal: 'SIGKILL' },
  );
  const kill = () => child.kill('SIGKILL');
  signal?.addEventListener('abort', kill, { once: true });
  const forget = endWithProcess(kill);
  child.stdin.on('error', () => {}); // it may exit before it has read all input: its exit code decides
  child.stdin.end(await bootstrapSql(mariadb));
  const [words, [code]] = await Promise.all([text(child.stderr), once(child, 'close')]).finally(() => {
    forget();
    signal?.removeEventListener('abort', kill);
  });
  signal?.throwIfAborted();
  if (code !== 0) {
    const last = words.trim().split('\n').slice(-10).join('\n');
    throw new EmbeddedDatabaseError(
      `The data directory of the embedded database could not be made:\n${last}`,
    );
  }
}

/** One statement per line is what `--bootstrap` reads; root gets no password and no account for this host's name. */
async function bootstrapSql(mariadb: MariaDb): Promise<string> {
  const files = await Promise.all(mariadb.systemTables.map((file) => readFile(file, 'utf8')));
  const lines = files.join('\n').split('\n');
  return [
    'CREATE DATABASE IF NOT EXISTS mysql;',
    'USE mysql;',
    'SET @auth_root_socket = NULL;',
    ...lines.filter((line) => !line.includes('@current_hostname')),
    '',
  ].join('\n');
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { parseDatabaseUrl } from '../../../src/db/url.ts';
import { ensureProgram } from './apt.ts';

const MAX_BYTES = 64 * 1024 * 1024;

/** Arguments by which the clients of MariaDB reach a database. */
function connectionTo(url: string): { args: string[]; env: NodeJS.ProcessEnv; name: string } {
  const { host, port, socketPath, user, password, database } = parseDatabaseUrl(url);
  const server = socketPath
    ? [`--socket=${socketPath}`]
    : ['--protocol=tcp', `--host=${host}`, `--port=${port}`];
  return {
    args: ['--no-defaults', ...server, `--user=${user}`],
    env: { ...process.env, MYSQL_PWD: password ?? '' },
    name: String(database),
  };
}

/** Dumps a database as operators do. */
export async function dumpDatabase(url: string, options: readonly string[]): Promise<string> {
  const program = await ensureProgram('mariadb-dump', 'mariadb-client');
  const { args, env, name } = connectionTo(url);
  const all = [...args, '--single-transaction', ...options, name];
  const { stdout } = await promisify(execFile)(program, all, { env, maxBuffer: MAX_BYTES });
  return stdout;
}

/** Reads a dump into an empty database. */
export async function restoreDatabase(url: string, dump: string): Promise<void> {
  const program = await ensureProgram('mariadb', 'mariadb-client-core');
  const { args, env, name } = connectionTo(url);
  const child = spawn(program, [...args, name], { env, stdio: ['pipe', 'ignore', 'inherit'] });
  child.stdin.end(dump);
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`mariadb ended with ${code}`);
}

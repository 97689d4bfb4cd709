import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createConnection } from 'mysql2/promise';
import { identify } from '../../../src/db/embedded/process-identity.ts';
import { freePort } from '../wire/free-port.ts';
import { foreignServer, type TestServer } from './database-server.ts';
import { ensureMysqlRoot } from './mysql-root.ts';

const START_BOUND_MS = 60_000;

/** The server ends with the process that holds the other end of the shell's stdin, however that one ends; the shell ends with it. */
const UNTIL_STDIN_CLOSES =
  'exec 3<&0; "$@" & server=$!; (cat <&3 >/dev/null; kill $server 2>/dev/null) & wait $server';

/** A real MySQL for one test run, with fresh data and MySQL's own defaults. */
export async function startMysqlServer(): Promise<TestServer> {
  const given = process.env.MYSQL_TEST_URL;
  if (given) return foreignServer(given);

  const root = await ensureMysqlRoot();
  const runs = join(root, 'data');
  await mkdir(runs, { recursive: true });
  await removeLeftovers(runs);
  const own = await mkdtemp(join(runs, `${process.pid}-`));
  const inside = join('/data', basename(own));
  const mysqld = ['mysqld', '--no-defaults', '--user=root', `--datadir=${inside}/data`];
  await promisify(execFile)('chroot', [root, ...mysqld, '--initialize-insecure']);

  const port = await freePort();
  const options = [
    '--bind-address=127.0.0.1',
    `--port=${port}`,
    `--socket=${inside}/mysqld.sock`,
    '--mysqlx=OFF',
    '--log-bin-trust-function-creators=1',
  ];
  const child = spawn('sh', ['-c', UNTIL_STDIN_CLOSES, 'sh', 'chroot', root, ...mysqld, ...options], {
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  const log = join(own, 'error.log');
  child.stderr.pipe(createWriteStream(log));
  const exited = once(child, 'exit');

  const url = `mysql://root@127.0.0.1:${port}/codecraft`;
  await Promise.race([
    ready(port),
    exited.then(async () => {
      throw new Error(`MySQL did not start:\n${await readFile(log, 'utf8')}`);
    }),
  ]);
  const stop = async () => {
    child.stdin.end();
    await exited;
    await rm(own, { recursive: true, force: true });
  };
  return { url, kind: 'mysql', stop };
}

async function ready(port: number): Promise<void> {
  const deadline = Date.now() + START_BOUND_MS;
  for (;;) {
    try {
      const connection = await createConnection({ host: '127.0.0.1', port, user: 'root' });
      await connection.query('CREATE DATABASE codecraft');
      return await connection.end();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(100);
    }
  }
}

/** Data of test runs that were killed. */
async function removeLeftovers(runs: string): Promise<void> {
  for (const name of await readdir(runs)) {
    const owner = /^(\d+)-/.exec(name)?.[1];
    if (owner !== undefined && !identify(Number(owner)))
      await rm(join(runs, name), { recursive: true, force: true });
  }
}

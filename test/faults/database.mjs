import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import mysql from 'mysql2/promise';

const START_LIMIT_MS = 60_000;

/** A MariaDB server with a data directory of its own, reached by its socket, that can be killed and started again. */
export async function startDatabase() {
  const directory = mkdtempSync(join(tmpdir(), 'codecraft-faults-'));
  const data = join(directory, 'data');
  const socketPath = join(directory, 'db.sock');
  const user = process.getuid?.() === 0 ? ['--user=root'] : [];
  mkdirSync(data);
  execFileSync(
    'mariadbd',
    ['--no-defaults', ...user, '--bootstrap', '--silent-startup', `--datadir=${data}`],
    {
      cwd: data,
      input: systemTables(),
      stdio: ['pipe', 'ignore', 'ignore'],
    },
  );
  let child;

  async function start() {
    child = spawn(
      'mariadbd',
      [
        '--no-defaults',
        ...user,
        `--datadir=${data}`,
        `--socket=${socketPath}`,
        '--skip-networking',
        '--skip-name-resolve',
        '--log-bin=binlog',
        '--binlog-format=ROW',
        '--sync-binlog=1',
        '--innodb-flush-log-at-trx-commit=1',
        '--log-bin-trust-function-creators=1',
        '--transaction-isolation=READ-COMMITTED',
        '--idle-write-transaction-timeout=3',
        '--character-set-server=utf8mb4',
        '--collation-server=utf8mb4_unicode_ci',
        '--max-connections=500',
      ],
      { stdio: 'ignore' },
    );
    for (const end = Date.now() + START_LIMIT_MS; ; await sleep(50)) {
      const connection = await mysql.createConnection({ socketPath, user: 'root' }).catch(() => undefined);
      if (connection) return connection.end();
      if (child.exitCode !== null || Date.now() > end) throw new Error('mariadbd did not start');
    }
  }

  async function kill() {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  process.once('exit', () => child?.kill('SIGKILL'));
  await start();
  const setup = await mysql.createConnection({ socketPath, user: 'root' });
  await setup.query('CREATE DATABASE live');
  await setup.end();
  return {
    url: `mysql://root@localhost/live?socketPath=${encodeURIComponent(socketPath)}`,
    connect: () =>
      mysql.createConnection({
        socketPath,
        user: 'root',
        database: 'live',
        timezone: 'Z',
        charset: 'utf8mb4',
      }),
    start,
    kill,
    async remove() {
      await kill();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** The statements of `mariadb-install-db`, which itself wants programs that the server's package does not bring. */
function systemTables() {
  const share = ['/usr/share/mysql', '/usr/share/mariadb'].find(
    (path) =>
      existsSync(join(path, 'mysql_system_tables.sql')) ||
      existsSync(join(path, 'mariadb_system_tables.sql')),
  );
  if (!share)
    throw new Error('The system tables of MariaDB are in neither /usr/share/mysql nor /usr/share/mariadb.');
  const read = (part) =>
    readFileSync(
      ['mysql', 'mariadb'].map((name) => join(share, `${name}_${part}.sql`)).find(existsSync),
      'utf8',
    );
  const lines = ['system_tables', 'system_tables_data', 'performance_tables'].flatMap((part) =>
    read(part).split('\n'),
  );
  const kept = lines.filter((line) => !line.includes('@current_hostname'));
  return ['CREATE DATABASE mysql;', 'USE mysql;', 'SET @auth_root_socket = NULL;', ...kept, ''].join('\n');
}

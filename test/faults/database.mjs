import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import mysql from 'mysql2/promise';

const START_LIMIT_MS = 60_000;
/** Small logs, so that a copy is fast; no native I/O, of which a machine grants a limited number of requests. */
const STORAGE = ['--innodb-log-file-size=8M', '--innodb-use-native-aio=0'];

/**
 * A MariaDB server with a data directory of its own, reached by its socket, that can be killed and started again, and
 * replaced by a copy of its data as it was some time before. Nodes have the account `live`, which read-only binds.
 */
export async function startDatabase() {
  const directory = mkdtempSync(join(tmpdir(), 'codecraft-faults-'));
  const user = process.getuid?.() === 0 ? ['--user=root'] : [];
  const servers = [];
  let serial = 0;
  let current = newServer();
  mkdirSync(current.data);
  execFileSync(
    'mariadbd',
    ['--no-defaults', ...user, '--bootstrap', '--silent-startup', ...STORAGE, `--datadir=${current.data}`],
    { cwd: current.data, input: systemTables(), stdio: ['pipe', 'ignore', 'ignore'] },
  );

  function newServer() {
    const name = String(serial++);
    const server = {
      data: join(directory, `data-${name}`),
      socketPath: join(directory, `${name}.sock`),
      child: undefined,
    };
    servers.push(server);
    return server;
  }

  async function start(server = current) {
    const { data, socketPath } = server;
    const child = spawn(
      'mariadbd',
      [
        '--no-defaults',
        ...user,
        ...STORAGE,
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
    server.child = child;
    for (const end = Date.now() + START_LIMIT_MS; ; await sleep(50)) {
      const connection = await mysql.createConnection({ socketPath, user: 'root' }).catch(() => undefined);
      if (connection) return connection.end();
      if (child.exitCode !== null || Date.now() > end) throw new Error('mariadbd did not start');
    }
  }

  async function kill({ child } = current) {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  process.once('exit', () => {
    for (const { child } of servers) child?.kill('SIGKILL');
  });
  await start();
  const setup = await mysql.createConnection({ socketPath: current.socketPath, user: 'root' });
  await setup.query('CREATE DATABASE live');
  await setup.query('CREATE USER live@localhost');
  await setup.query('GRANT ALL ON live.* TO live@localhost');
  await setup.end();
  return {
    socketPath: () => current.socketPath,
    connect: (options = {}) =>
      mysql.createConnection({
        socketPath: current.socketPath,
        user: 'root',
        database: 'live',
        timezone: 'Z',
        charset: 'utf8mb4',
        ...options,
      }),
    start: () => start(),
    kill: () => kill(),
    freeze: () => current.child.kill('SIGSTOP'),
    thaw: () => current.child.kill('SIGCONT'),
    /** Kills the server, copies its data, and starts it again. Returns the copy, which lacks whatever commits from now on. */
    async copy() {
      await kill();
      const server = newServer();
      cpSync(current.data, server.data, { recursive: true });
      await start();
      return server;
    },
    startCopy: (server) => start(server),
    /** Makes a copy the server that connections lead to. Returns the one before. */
    promote(server) {
      const before = current;
      current = server;
      return before;
    },
    async discard(server) {
      await kill(server);
      servers.splice(servers.indexOf(server), 1);
      rmSync(server.data, { recursive: true, force: true });
    },
    async remove() {
      for (const server of servers) await kill(server);
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

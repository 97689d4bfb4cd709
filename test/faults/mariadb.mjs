import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Small logs, so that a copy is fast; no native I/O, of which a machine grants a limited number of requests. */
const STORAGE = ['--innodb-log-file-size=8M', '--innodb-use-native-aio=0'];
const USER = process.getuid?.() === 0 ? ['--user=root'] : [];

/** MariaDB as `startDatabase` runs it. */
export const MARIADB = {
  /** Where the data of all servers of a run is. */
  parent: tmpdir,
  createData(data) {
    mkdirSync(data);
    execFileSync(
      'mariadbd',
      ['--no-defaults', ...USER, '--bootstrap', '--silent-startup', ...STORAGE, `--datadir=${data}`],
      { cwd: data, input: systemTables(), stdio: ['pipe', 'ignore', 'ignore'] },
    );
  },
  /** A copy becomes a server of its own by its `server_id`. */
  adopt() {},
  command: ({ data, socketPath, id }) => [
    'mariadbd',
    '--no-defaults',
    ...USER,
    ...STORAGE,
    `--datadir=${data}`,
    `--socket=${socketPath}`,
    '--skip-networking',
    '--skip-name-resolve',
    `--server-id=${id}`,
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
};

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

import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

/** The root that `npm run test:mysql` sets up. */
const ROOT = process.env.FAULTS_MYSQL_ROOT ?? resolve(import.meta.dirname, '../../.data/mysql/root');
const TEMPLATE = join(ROOT, 'data', 'faults-template');
const STORAGE = [
  '--innodb-redo-log-capacity=8M',
  '--innodb-use-native-aio=0',
  '--innodb-buffer-pool-size=64M',
];

const inside = (path) => `/${relative(ROOT, path)}`;
const mysqld = (data) => ['mysqld', '--no-defaults', '--user=root', ...STORAGE, `--datadir=${inside(data)}`];

/** MySQL as `startDatabase` runs it, with its own defaults otherwise. */
export const MYSQL = {
  parent() {
    if (!existsSync(ROOT))
      throw new Error(`There is no MySQL below ${ROOT}: npm run test:mysql sets one up.`);
    mkdirSync(join(ROOT, 'data'), { recursive: true });
    return join(ROOT, 'data');
  },
  /** To initialize takes a quarter of a minute: it is done once. */
  createData(data) {
    if (!existsSync(TEMPLATE)) {
      const unfinished = `${TEMPLATE}-${process.pid}`;
      execFileSync('chroot', [ROOT, ...mysqld(unfinished), '--initialize-insecure'], { stdio: 'ignore' });
      renameSync(unfinished, TEMPLATE);
    }
    cpSync(TEMPLATE, data, { recursive: true });
  },
  /** A copy becomes a server of its own by its `server_uuid`, which is made anew where it is missing. */
  adopt: (data) => rmSync(join(data, 'auto.cnf'), { force: true }),
  command: ({ data, socketPath, id }) => [
    'chroot',
    ROOT,
    ...mysqld(data),
    `--socket=${inside(socketPath)}`,
    '--skip-networking',
    '--mysqlx=OFF',
    '--performance-schema=OFF',
    `--server-id=${id}`,
    '--log-bin-trust-function-creators=1',
    '--max-connections=500',
  ],
};

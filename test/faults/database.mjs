import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { cp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import mysql from 'mysql2/promise';
import { MARIADB } from './mariadb.mjs';
import { MYSQL } from './mysql.mjs';

const START_LIMIT_MS = 120_000;

/**
 * A database server with a data directory of its own, reached by its socket, that can be killed and started again, and
 * replaced by a copy of its data as it was some time before. Nodes have the account `live`, which read-only binds.
 *
 * @param diskMb size of a file system that holds the data alone, so that it can be filled; needs the superuser
 */
export async function startDatabase({ kind = 'mariadb', diskMb } = {}) {
  const flavour = kind === 'mysql' ? MYSQL : MARIADB;
  const directory = mkdtempSync(join(flavour.parent(), 'faults-'));
  if (diskMb) execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${diskMb}m`, 'tmpfs', directory]);
  const servers = [];
  let serial = 0;
  let kills = 0;
  let current = newServer();
  flavour.createData(current.data);

  function newServer() {
    const name = String(++serial);
    // A server of its own says so: nodes compare `server_id` where there is no `server_uuid`.
    const server = {
      id: serial,
      data: join(directory, `data-${name}`),
      socketPath: join(directory, `${name}.sock`),
      child: undefined,
    };
    servers.push(server);
    return server;
  }

  function launch(server) {
    const [program, ...args] = flavour.command(server);
    server.child = spawn(program, args, { stdio: 'ignore' });
    return server.child;
  }

  async function start(server = current) {
    const child = launch(server);
    for (const end = Date.now() + START_LIMIT_MS; ; await sleep(50)) {
      const connection = await mysql
        .createConnection({ socketPath: server.socketPath, user: 'root' })
        .catch(() => undefined);
      if (connection) return connection.end();
      if (child.exitCode !== null || Date.now() > end) throw new Error(`${child.spawnfile} did not start`);
    }
  }

  async function end({ child } = current) {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  async function kill() {
    kills++;
    await end();
  }

  let removed = false;
  function removeDirectory() {
    if (removed) return;
    removed = true;
    if (diskMb) execFileSync('umount', ['-l', directory], { stdio: 'ignore' });
    rmSync(directory, { recursive: true, force: true });
  }

  process.once('exit', () => {
    for (const { child } of servers) child?.kill('SIGKILL');
    removeDirectory();
  });
  await start();
  const setup = await mysql.createConnection({ socketPath: current.socketPath, user: 'root' });
  await setup.query('CREATE DATABASE live');
  await setup.query('CREATE USER live@localhost');
  await setup.query('GRANT ALL ON live.* TO live@localhost');
  await setup.end();
  return {
    kind,
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
    kill,
    /** Starts it, and kills it after so many ms, wherever its recovery is by then. */
    async interruptStart(ms) {
      launch(current);
      await sleep(ms);
      await kill();
    },
    /** How often a server was killed. */
    kills: () => kills,
    freeze: () => current.child.kill('SIGSTOP'),
    thaw: () => current.child.kill('SIGCONT'),
    /** Kills the server, copies its data, and starts it again. Returns the copy, which lacks whatever commits from now on. */
    async copy() {
      await kill();
      const server = newServer();
      await cp(current.data, server.data, { recursive: true });
      flavour.adopt(server.data);
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
      await end(server);
      servers.splice(servers.indexOf(server), 1);
      await rm(server.data, { recursive: true, force: true });
    },
    /** Whether the disk is the database's own. */
    hasDisk: diskMb !== undefined,
    /** Fills the disk. Returns what frees it. */
    async fillDisk() {
      const path = join(directory, 'ballast');
      const file = await open(path, 'w');
      // Large blocks first: a write of each small one takes a turn of a busy process.
      for (const size of [1 << 23, 1 << 16, 1 << 12]) {
        const block = Buffer.alloc(size);
        await (async () => {
          for (;;) await file.write(block);
        })().catch(() => {});
      }
      await file.close();
      return () => rm(path);
    },
    async remove() {
      for (const server of servers) await end(server);
      removeDirectory();
    },
  };
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type EmbeddedDatabase, startEmbeddedDatabase } from '../../src/db/embedded/embedded-database.ts';
import { obtainMariaDb } from '../../src/db/embedded/install.ts';
import { EmbeddedDatabaseError } from '../../src/db/errors.ts';
import { startPrivateServer } from '../support/database/database-server.ts';

async function privateServer(options?: Parameters<typeof startPrivateServer>[0]) {
  const server = await startPrivateServer(options);
  onTestFinished(server.remove);
  return server;
}

async function emptyDirectory(...below: string[]): Promise<string> {
  const top = await mkdtemp(join(tmpdir(), 'codecraft-embedded-'));
  onTestFinished(() => rm(top, { recursive: true, force: true }));
  const directory = join(top, ...below);
  await mkdir(directory, { recursive: true });
  return directory;
}

async function startIn(directory: string): Promise<EmbeddedDatabase> {
  const database = await startEmbeddedDatabase({ directory });
  onTestFinished(database.stop);
  return database;
}

async function query(database: EmbeddedDatabase, sql: string): Promise<RowDataPacket[]> {
  const connection = await createConnection(database.url);
  try {
    const [rows] = await connection.query<RowDataPacket[]>(sql);
    return rows;
  } finally {
    connection.destroy();
  }
}

async function writeRow(database: EmbeddedDatabase): Promise<void> {
  await query(database, 'CREATE TABLE kept (word VARCHAR(20))');
  await query(database, "INSERT INTO kept VALUES ('committed')");
}

async function expectRow(database: EmbeddedDatabase): Promise<void> {
  expect(await query(database, 'SELECT word FROM kept')).toEqual([{ word: 'committed' }]);
}

/** A process of its own that runs the database of a directory, and stops it when its stdin closes. */
async function startChild(directory: string) {
  const script = `
    import { createViteServer } from 'vitest/node';
    const server = { middlewareMode: true, hmr: false, ws: false, watch: null };
    const vite = await createViteServer({ configFile: false, appType: 'custom', logLevel: 'error', server });
    const { startEmbeddedDatabase } = await vite.ssrLoadModule('/src/db/embedded/embedded-database.ts');
    await vite.close();
    const database = await startEmbeddedDatabase({ directory: process.argv[1] });
    console.log(database.pid);
    process.stdin.resume().once('end', () => database.stop());
  `;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script, directory], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [line] = await once(child.stdout, 'data');
  return { child, databasePid: Number(line), exited: once(child, 'exit') };
}

test('a fresh directory becomes a durable utf8mb4 database that no other account can reach', async () => {
  const database = await privateServer();
  const [row] = await query(
    database,
    `SELECT DATABASE() AS name, @@character_set_database AS charset, @@log_bin AS binlog, @@sync_binlog AS synced,
      @@innodb_flush_log_at_trx_commit AS flushed, @@tx_isolation AS isolation, @@skip_networking AS closed`,
  );
  expect(row).toEqual({
    name: 'codecraft',
    charset: 'utf8mb4',
    binlog: 1,
    synced: 1,
    flushed: 1,
    isolation: 'READ-COMMITTED',
    closed: 1,
  });
  expect((await stat(dirname(database.socketPath))).mode & 0o777).toBe(0o700);
});

describe('when mariadbd dies', () => {
  test('it comes back by itself on the same socket with everything that was committed', async () => {
    const database = await privateServer();
    await writeRow(database);
    const first = database.pid as number;

    process.kill(first, 'SIGKILL');
    await vi.waitUntil(() => database.pid !== undefined && database.pid !== first, { timeout: 20_000 });
    await vi.waitFor(() => expectRow(database), { timeout: 20_000 });
  });

  test('it stays down after kill() until restart()', async () => {
    const database = await privateServer();
    await writeRow(database);
    await database.kill();
    expect(database.pid).toBeUndefined();
    await expect(query(database, 'SELECT 1')).rejects.toThrow();

    await database.restart();
    await expectRow(database);
  });

  test('it stays dead without supervision', async () => {
    const database = await privateServer({ supervise: false });
    process.kill(database.pid as number, 'SIGKILL');
    await vi.waitUntil(() => database.pid === undefined);
    await database.restart();
    expect(await query(database, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });
});

describe('a second start on the same directory', () => {
  test('fails in one sentence while the first runs, and leaves it alone', async () => {
    const database = await privateServer();
    await expect(startEmbeddedDatabase({ directory: database.directory })).rejects.toThrow(
      new RegExp(`^Process ${process.pid} already runs the embedded database in .+: stop it first`),
    );
    expect(await query(database, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('made at the same moment leaves one winner', async () => {
    const directory = await emptyDirectory();
    const starts = await Promise.allSettled(Array.from({ length: 6 }, () => startIn(directory)));
    expect(starts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('succeeds after stop(), which may be called twice', async () => {
    const directory = await emptyDirectory();
    const first = await startIn(directory);
    await writeRow(first);
    await first.stop();
    await first.stop();
    await expectRow(await startIn(directory));
  });
});

describe('a service with an embedded database', () => {
  test('leaves it running when it is killed, and the next one takes it over', async () => {
    const directory = await emptyDirectory();
    const { child, databasePid, exited } = await startChild(directory);
    child.kill('SIGKILL');
    await exited;

    const database = await startIn(directory);
    expect(database.pid).toBe(databasePid);
    await writeRow(database);

    process.kill(databasePid, 'SIGKILL');
    await vi.waitUntil(() => database.pid !== undefined && database.pid !== databasePid, { timeout: 20_000 });
    await vi.waitFor(() => expectRow(database), { timeout: 20_000 });
    await database.stop();
    expect(database.pid).toBeUndefined();
  });

  test('can exit once it has stopped it', async () => {
    const { child, exited } = await startChild(await emptyDirectory());
    child.stdin.end();
    expect(await exited).toEqual([0, null]);
  });
});

describe('the directory', () => {
  test('may have any name and be deeper than a socket path can be long', async () => {
    const database = await startIn(await emptyDirectory('it\'s a "deep" $place', 'x'.repeat(120)));
    expect(Buffer.byteLength(database.socketPath)).toBeLessThanOrEqual(107);
    expect((await stat(dirname(database.socketPath))).mode & 0o777).toBe(0o700);
    onTestFinished(() => rm(dirname(database.socketPath), { recursive: true }));
    expect(await query(database, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('is made anew where making it was cut short', async () => {
    const directory = await emptyDirectory();
    await mkdir(join(directory, 'mariadb', 'data-unfinished-a1b2c3', 'mysql'), { recursive: true });
    await startIn(directory);
    expect((await readdir(join(directory, 'mariadb'))).filter((name) => name.includes('unfinished'))).toEqual(
      [],
    );
  });

  test('that cannot be served is reported in the words of the server', async () => {
    const directory = await emptyDirectory();
    await (await startIn(directory)).stop();
    await writeFile(join(directory, 'mariadb/data/ibdata1'), 'no tablespace');
    const failure = await startEmbeddedDatabase({ directory }).catch((error: Error) => error);
    expect(failure).toBeInstanceOf(EmbeddedDatabaseError);
    expect(failure).toHaveProperty(
      'message',
      expect.stringMatching(/did not start.+error\.log:\n(.*\n)*.*\[ERROR\]/),
    );
  });
});

describe('where MariaDB is missing', () => {
  const waysOut =
    /apt-get install mariadb-server-core.+brew install mariadb.+docker compose -f deploy\/compose\.yaml up.+DATABASE_URL/;

  test('the ways out are named', async () => {
    const obtaining = obtainMariaDb(() => {}, { directories: [], install: undefined });
    await expect(obtaining).rejects.toThrow(EmbeddedDatabaseError);
    await expect(obtaining).rejects.toThrow(waysOut);
  });

  test('a mysqld that is not MariaDB does not count', async () => {
    const directory = await emptyDirectory();
    const program = join(directory, 'mysqld');
    await writeFile(
      program,
      '#!/bin/sh\necho "mysqld  Ver 8.0.40 for Linux (MySQL Community Server - GPL)"\n',
    );
    await chmod(program, 0o755);
    await expect(obtainMariaDb(() => {}, { directories: [directory], install: undefined })).rejects.toThrow(
      waysOut,
    );
  });

  test('it is installed where that is possible, and what the installer said is shown if it fails', async () => {
    const lines: string[] = [];
    const install = vi.fn().mockRejectedValue(new Error('E: Unable to locate package'));
    const obtaining = obtainMariaDb((line) => lines.push(line), { directories: [], install });
    await expect(obtaining).rejects.toThrow(/could not install it(.|\n)+E: Unable to locate package/);
    expect(install).toHaveBeenCalledWith('mariadb-server-core', undefined);
    expect(lines).toEqual(['installing mariadb-server-core with apt-get, once']);
  });
});

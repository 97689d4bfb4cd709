import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import {
  type EmbeddedDatabase,
  type EmbeddedDatabaseOptions,
  startEmbeddedDatabase,
} from '../../../src/db/embedded/embedded-database.ts';
import { identify } from '../../../src/db/embedded/process-identity.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** A server on which the tests may make databases. */
    databaseUrl: string;
    databaseKind: DatabaseKind;
  }
}

type DatabaseKind = 'mariadb' | 'mysql';

/** The one server of a test run. */
export interface TestServer {
  readonly url: string;
  readonly kind: DatabaseKind;
  stop(): Promise<void>;
}

/** An embedded MariaDB of a test's own, to be killed and started at will. */
export interface PrivateServer extends EmbeddedDatabase {
  readonly directory: string;
  /** Stops it and deletes its data. */
  remove(): Promise<void>;
}

const PREFIX = 'codecraft-test-';

export async function startTestServer(): Promise<TestServer> {
  const given = process.env.TEST_DATABASE_URL;
  if (given) return foreignServer(given);
  await removeLeftovers();
  const server = await startPrivateServer();
  return { url: server.url, kind: 'mariadb', stop: server.remove };
}

/** A server that was started elsewhere: used, never stopped. */
export async function foreignServer(url: string): Promise<TestServer> {
  const connection = await createConnection(url);
  const [[row]] = await connection.query<RowDataPacket[]>('SELECT VERSION() AS version');
  await connection.end();
  return { url, kind: /mariadb/i.test(row?.version) ? 'mariadb' : 'mysql', stop: async () => {} };
}

export async function startPrivateServer(
  options: Omit<EmbeddedDatabaseOptions, 'directory'> = {},
): Promise<PrivateServer> {
  const directory = await mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`));
  const database = await startEmbeddedDatabase({ ...options, directory });
  const remove = async () => {
    await database.stop();
    await rm(directory, { recursive: true, force: true });
  };
  return Object.assign(database, { directory, remove });
}

/** The same in that zone. A server takes the zone of the machine, or of its environment, when it starts. */
export async function startPrivateServerIn(zone: string): Promise<PrivateServer> {
  const before = process.env.TZ;
  process.env.TZ = zone;
  try {
    return await startPrivateServer();
  } finally {
    if (before === undefined) delete process.env.TZ;
    else process.env.TZ = before;
  }
}

/** A test run that was killed leaves its servers running. */
async function removeLeftovers(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const owner = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    if (owner === undefined || identify(Number(owner))) continue;
    const directory = join(tmpdir(), name);
    await startEmbeddedDatabase({ directory })
      .then((left) => left.stop())
      .catch(() => {});
    await rm(directory, { recursive: true, force: true });
  }
}

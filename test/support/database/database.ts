import { randomBytes } from 'node:crypto';
import { type Connection, createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, inject } from 'vitest';
import { type Database, type DatabaseOptions, openDatabase } from '../../../src/db/database.ts';
import { parseDatabaseUrl } from '../../../src/db/url.ts';
import { migrate } from '../../../src/migrate/migrate.ts';

export interface TestDatabase {
  readonly url: string;
  readonly database: Database;
  /** Closes the pool and drops the database. */
  drop(): Promise<void>;
}

export interface TestDatabaseOptions extends Omit<DatabaseOptions, 'url'> {
  /** Whether it has the whole schema, or nothing at all; default true. */
  readonly migrated?: boolean;
}

/** A database of the test's own on the run's server, with the server's own default charset. */
export async function createTestDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const { create, ...test } = planTestDatabase(options);
  await create();
  return test;
}

/** The database of a test file or of a block of tests, created before the first and dropped after the last. */
export function prepareDatabase(options: TestDatabaseOptions = {}): TestDatabase {
  const { create, ...test } = planTestDatabase(options);
  beforeAll(create);
  afterAll(() => test.drop());
  return test;
}

/** A database that `create` makes. Its pool opens no connection before the first query. */
function planTestDatabase({ migrated = true, ...options }: TestDatabaseOptions) {
  const name = `test_${randomBytes(6).toString('hex')}`;
  const url = databaseUrl(name);
  const database = openDatabase({ url, ...options });
  return {
    url,
    database,
    async create(): Promise<void> {
      await onServer((connection) => connection.query(`CREATE DATABASE ${name}`));
      if (migrated) await migrate(database);
    },
    async drop(): Promise<void> {
      await database.close();
      await onServer(async (connection) => {
        await connection.query('SET SESSION lock_wait_timeout = 10');
        await connection.query(`DROP DATABASE IF EXISTS ${name}`);
      });
    },
  };
}

/** A connection without a database and without our settings: what any other program on the server has. */
export async function onServer<T>(use: (connection: Connection) => Promise<T>): Promise<T> {
  const { database: _, ...server } = parseDatabaseUrl(inject('databaseUrl'));
  const connection = await createConnection(server);
  try {
    return await use(connection);
  } finally {
    connection.destroy();
  }
}

function databaseUrl(name: string): string {
  const url = new URL(inject('databaseUrl'));
  url.pathname = `/${name}`;
  return url.href;
}

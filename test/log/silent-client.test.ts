import type { Socket } from 'node:net';
import type { RowDataPacket } from 'mysql2/promise';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Database, openDatabase } from '../../src/db/database.ts';
import { errnoOf } from '../../src/db/errors.ts';
import { onServer, prepareDatabase } from '../support/database/database.ts';
import { type DatabaseProxy, startDatabaseProxy } from '../support/database/database-proxy.ts';
import {
  appendAtLast,
  expectGapless,
  messagesIn,
  openAppender,
  resetLog,
  unitOf,
} from '../support/database/log.ts';
import { openPlatformSession } from '../support/database/platform-session.ts';
import { until } from '../support/until.ts';

const made = prepareDatabase();
let proxy: DatabaseProxy;
/** The database as a process sees it that is going to be frozen or cut off. */
let behind: Database;
const closers: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  await made.database.execute('CREATE TABLE large (id INT PRIMARY KEY, filler LONGTEXT)');
});
beforeEach(async () => {
  await resetLog(made.database);
  proxy = await startDatabaseProxy(made.url);
  behind = openDatabase({ url: proxy.url });
});
afterEach(async () => {
  await proxy.restore();
  for (const close of closers.splice(0).reverse()) await close();
  await behind.close();
  await proxy.close();
});

/** An appender behind the proxy that falls silent the moment it is answered with this error. */
function silentAfter(errno: number) {
  const seen: (number | undefined)[] = [];
  const appender = openAppender(behind, {
    connect: async () => {
      const connection = await behind.connect({ multipleStatements: true });
      const query = connection.query.bind(connection) as (...args: unknown[]) => Promise<unknown>;
      return Object.assign(connection, {
        query: (...args: unknown[]) =>
          query(...args).catch((error: unknown) => {
            seen.push(errnoOf(error));
            if (errnoOf(error) === errno) proxy.freeze();
            throw error;
          }),
      });
    },
  });
  closers.push(() => appender.close());
  return { appender, seen };
}

/** What other nodes publish is stored, as if no client had fallen silent. */
async function expectOthersPublish(): Promise<void> {
  const other = openAppender(made.database);
  closers.push(() => other.close());
  await appendAtLast(other, 'of another node');
  expect(await messagesIn(made.database)).toContain('of another node');
  await expectGapless(made.database);
}

describe('a node that falls silent between an error in its append and ROLLBACK leaves the head to others', () => {
  test('after a duplicate key', async () => {
    await appendAtLast(openAppender(made.database), 'known');
    const { appender, seen } = silentAfter(1062);
    const call = appender.append([unitOf('again', 'known')]).catch(() => {});
    await until(() => seen.includes(1062));
    await expectOthersPublish();
    await call;
  });

  test('after a precondition that did not hold', async () => {
    const { appender, seen } = silentAfter(1048);
    const failing = { sql: 'DELETE FROM event_outbox WHERE id = 0', expectedRows: 1 };
    const call = appender.append([{ ...unitOf('never'), preconditions: [failing] }]).catch(() => {});
    await until(() => seen.includes(1048));
    await expectOthersPublish();
    await call;
  });

  test('after a lock that it waited for too long', async () => {
    const other = await openPlatformSession(made.url);
    closers.push(async () => other.close());
    await other.run('START TRANSACTION');
    await other.run(
      "INSERT INTO log_key (idempotency_key, fingerprint, first_id, expires_at) VALUES ('key:held', ?, 1, NOW())",
      [Buffer.alloc(32)],
    );
    const { appender, seen } = silentAfter(1205);
    const call = appender.append([unitOf('waits', 'held')]).catch(() => {});
    await until(() => seen.includes(1205));
    await other.run('ROLLBACK');
    await expectOthersPublish();
    await call;
  });
});

describe('a client that falls silent keeps no lock', () => {
  test.each([
    ['of a row that it changed', 'UPDATE log_tail SET tail = tail'],
    ['of a row that it read', 'SELECT * FROM log_tail LOCK IN SHARE MODE'],
  ])('%s', async (_, sql) => {
    const silent = await behind.connect();
    await silent.query('START TRANSACTION');
    await silent.query(sql);
    proxy.freeze();
    await expectFree('UPDATE log_tail SET tail = tail + 1');
  });

  test('while it is sent a result that is larger than what the network holds', async () => {
    await made.database.execute("INSERT INTO large VALUES (1, REPEAT('x', 4000000))");
    const silent = await made.database.connect({ statementTimeoutMs: 0 });
    closers.push(async () => silent.destroy());
    await silent.query('START TRANSACTION');
    void silent
      .query(`SELECT filler FROM large JOIN (${seriesOf(64)}) AS n LOCK IN SHARE MODE`)
      .catch(() => {});
    (silent as unknown as { connection: { stream: Socket } }).connection.stream.pause();
    await until(() => isRefused('SELECT id FROM large FOR UPDATE NOWAIT'));
    await expectFree('UPDATE large SET id = 1 - id');
  });

  test('and its session ends', async () => {
    const silent = await behind.connect();
    await silent.query('START TRANSACTION');
    await silent.query('UPDATE log_tail SET tail = tail');
    proxy.freeze();
    await until(async () => !(await threads()).includes(silent.threadId));
  });
});

describe('a client that is not silent keeps its connections', () => {
  test('though none of them is used for longer than a silent one may last', async () => {
    const dedicated = await made.database.connect();
    closers.push(async () => dedicated.destroy());
    await Promise.all([1, 2, 3].map(() => made.database.query('SELECT SLEEP(0.2)')));
    const before = await threads();
    expect(before).toContain(dedicated.threadId);
    const [[row]] = await dedicated.query<RowDataPacket[]>('SELECT @@wait_timeout AS s');
    const quietS = Math.min(Number(row?.s), 4);
    await onServer((server) => server.query(`SELECT SLEEP(${quietS + 1})`));
    expect(await threads()).toEqual(expect.arrayContaining(before));
  });
});

/** Resolves once no other session holds what `sql` changes, and it has run. */
async function expectFree(sql: string): Promise<void> {
  await until(async () => !(await isRefused(sql)));
}

function isRefused(sql: string): Promise<boolean> {
  return made.database.execute(sql).then(
    () => false,
    () => true,
  );
}

const seriesOf = (count: number) =>
  Array.from({ length: count }, (_, n) => `SELECT ${n}`).join(' UNION ALL ');

/** Sessions in the test's database, but for those that read them. */
async function threads(): Promise<number[]> {
  const { name } = made.database;
  return onServer(async (server) => {
    const [rows] = await server.query<RowDataPacket[]>(
      'SELECT ID AS id FROM information_schema.PROCESSLIST WHERE DB = ?',
      [name],
    );
    return rows.map(({ id }) => Number(id));
  });
}

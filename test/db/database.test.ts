import { once } from 'node:events';
import type { Socket } from 'node:net';
import { sql } from 'drizzle-orm';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { openDatabase } from '../../src/db/database.ts';
import { errnoOf } from '../../src/db/errors.ts';
import { logTail, tokenRevocation } from '../../src/db/schema.ts';
import { prepareDatabase } from '../support/database/database.ts';
import { startDatabaseProxy } from '../support/database/database-proxy.ts';

const made = prepareDatabase({ statementTimeoutMs: 1000 });
const { database } = made;

beforeAll(async () => {
  await database.execute(
    `CREATE TABLE thing (
      id BIGINT UNSIGNED PRIMARY KEY, j JSON, d DATETIME(3), x DECIMAL(10,2), t TEXT
    ) DEFAULT CHARSET=utf8mb4`,
  );
});

const SETTINGS = `SELECT @@time_zone AS zone, @@sql_mode AS mode, @@collation_connection AS collation,
  @@innodb_lock_wait_timeout AS lockWait`;

describe('sessions', () => {
  const expected = {
    zone: '+00:00',
    mode: 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION',
    collation: 'utf8mb4_unicode_ci',
    lockWait: 3,
  };
  const isolation = () =>
    inject('databaseKind') === 'mariadb' ? '@@tx_isolation' : '@@transaction_isolation';

  test('of the pool and dedicated ones have the same settings', async () => {
    const dedicated = await database.connect();
    const [rows] = await dedicated.query(SETTINGS);
    const [levels] = await dedicated.query(`SELECT ${isolation()} AS level`);
    dedicated.destroy();
    expect(rows).toEqual([expected]);
    expect(levels).toEqual([{ level: 'READ-COMMITTED' }]);
    expect(await database.query(SETTINGS)).toEqual([expected]);
    expect(await database.query(`SELECT ${isolation()} AS level`)).toEqual([{ level: 'READ-COMMITTED' }]);
  });

  test('a transaction that a frozen client leaves open is ended by MariaDB', async () => {
    if (inject('databaseKind') !== 'mariadb') return;
    expect(await database.query('SELECT @@idle_write_transaction_timeout AS s')).toEqual([{ s: 2 }]);
  });

  test('a dedicated connection may have a time limit of its own, or none', async () => {
    const variable = inject('databaseKind') === 'mariadb' ? 'max_statement_time' : 'max_execution_time';
    const dedicated = await database.connect({ statementTimeoutMs: 0 });
    const [rows] = await dedicated.query(`SELECT @@${variable} AS bound`);
    dedicated.destroy();
    expect(rows).toEqual([{ bound: 0 }]);
  });

  test('several statements in one packet are taken only where that was asked for', async () => {
    await expect(database.query('SELECT 1; SELECT 2')).rejects.toMatchObject({ errno: 1064 });
    const dedicated = await database.connect({ multipleStatements: true });
    const [rows] = await dedicated.query('SELECT 1 AS a; SELECT 2 AS b');
    dedicated.destroy();
    expect(rows).toEqual([[{ a: 1 }], [{ b: 2 }]]);
  });

  test('a dedicated connection that is killed while idle does not take the process with it', async () => {
    const dedicated = await database.connect();
    const ended = new Promise((resolve) => dedicated.once('end', resolve));
    await database.execute(`KILL ${dedicated.threadId}`);
    await ended;
    await expect(dedicated.query('SELECT 1')).rejects.toThrow();
  });
});

test('destroying a dedicated connection closes its socket, though the server does not answer', async () => {
  const proxy = await startDatabaseProxy(made.url);
  const behind = openDatabase({ url: proxy.url });
  const dedicated = await behind.connect();
  const { stream } = (dedicated as unknown as { connection: { stream: Socket } }).connection;
  proxy.freeze();
  const closed = once(stream, 'close');
  dedicated.destroy();
  await closed;
  await behind.close();
  await proxy.close();
});

test('a statement whose connection was destroyed keeps no process from ending', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  const connection = await database.connect();
  await connection.query('SELECT 1');
  const before = timers();
  void connection.query({ sql: 'SELECT SLEEP(1)', timeout: 60_000 }).catch(() => {});
  expect(timers()).toBe(before + 1);
  connection.destroy();
  expect(timers()).toBe(before);
});

describe('values', () => {
  test('JSON comes back as the text that was stored, from queries and from drizzle', async () => {
    const text = '{"a": [1, "\u2028é😀"]}';
    await database.execute('REPLACE INTO thing (id, j) VALUES (1, ?)', [text]);
    expect(await database.query('SELECT j FROM thing WHERE id = 1')).toEqual([{ j: text }]);
    const [rows] = await database.orm.execute(sql`SELECT j FROM thing WHERE id = 1`);
    expect(rows).toEqual([{ j: text }]);
  });

  test('numbers beyond 2^53 keep every digit, dates their millisecond, text every character', async () => {
    const d = new Date('2026-03-29T01:30:00.123Z');
    const t = 'a\u0000b\\\'"\r\n\u001a😀';
    await database.execute('REPLACE INTO thing (id, d, x, t) VALUES (18446744073709551615, ?, 1.5, ?)', [
      d,
      t,
    ]);
    const rows = await database.query('SELECT id, d, x, t FROM thing WHERE id > 1');
    expect(rows).toEqual([{ id: '18446744073709551615', d, x: '1.50', t }]);
  });

  test('an object where a value belongs does not become SQL', async () => {
    const rows = await database.query('SELECT 1 FROM DUAL WHERE ? = 1', [{ 1: 1 }]);
    expect(rows).toEqual([]);
  });

  test('a CALL gives the rows of its first result', async () => {
    await database.execute('DROP PROCEDURE IF EXISTS two_rows');
    await database.execute(
      'CREATE PROCEDURE two_rows() BEGIN SELECT 1 AS a UNION SELECT 2; SELECT 3 AS b; END',
    );
    expect(await database.query('CALL two_rows()')).toEqual([{ a: 1 }, { a: 2 }]);
  });

  test('a statement without rows has none, and execute reports what it did', async () => {
    expect(await database.query('DO 1')).toEqual([]);
    const result = await database.execute('UPDATE log_tail SET tail = tail');
    expect(result).toMatchObject({ affectedRows: 6, changedRows: 0 });
  });
});

describe('drizzle', () => {
  test('reads and writes over the same pool, instants as dates in UTC', async () => {
    const notBefore = new Date('2026-06-01T12:00:00.250Z');
    await database.orm.insert(tokenRevocation).values({ userId: 7, notBefore });
    expect(await database.orm.select().from(tokenRevocation)).toEqual([{ userId: 7, notBefore }]);
    expect(await database.orm.query.logTail.findMany({ limit: 1 })).toHaveLength(1);
    expect(await database.orm.$count(logTail)).toBe(6);
  });

  test('has no transactions of its own', async () => {
    const orm = database.orm as unknown as { transaction(run: () => void): Promise<void> };
    await expect(orm.transaction(() => {})).rejects.toThrow('Database.transaction');
  });
});

test('the server ends a read that takes longer than a statement may', async () => {
  // Both give SLEEP a special end, so rows are multiplied instead.
  const endless = database.query(
    'SELECT COUNT(*) FROM information_schema.COLUMNS a, information_schema.COLUMNS b, information_schema.COLUMNS c',
  );
  await expect(endless.catch((error: unknown) => errnoOf(error))).resolves.toBe(
    inject('databaseKind') === 'mariadb' ? 1969 : 3024,
  );
});

test('the flavour is MariaDB or MySQL, with its version', async () => {
  const { kind, version } = await database.flavour();
  expect(kind).toBe(inject('databaseKind'));
  expect(version).toMatch(/^\d+\.\d+\.\d+$/);
});

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Database, openDatabase } from '../../src/db/database.ts';
import { isUnavailable } from '../../src/db/errors.ts';
import { createTestDatabase, type TestDatabase } from '../support/database/database.ts';
import { type DatabaseProxy, startDatabaseProxy } from '../support/database/database-proxy.ts';

const overloaded = { code: 'overloaded', options: { retryAfter: 1 } };
const unavailable = { code: 'database-unavailable', options: { retryAfter: 1 } };

let made: TestDatabase;
let proxy: DatabaseProxy;
let database: Database;

beforeEach(async () => {
  made = await createTestDatabase({ migrated: false });
  proxy = await startDatabaseProxy(made.url);
  database = openDatabase({ url: proxy.url, poolSize: 2, acquireTimeoutMs: 300, statementTimeoutMs: 500 });
});

afterEach(async () => {
  await database.close();
  await proxy.close();
  await made.drop();
});

/** Holds a connection of the pool until it is released. */
function hold(): { release: () => void; ended: Promise<void> } {
  let release = () => {};
  const until = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { release, ended: database.transaction(() => until) };
}

describe('the pool', () => {
  test('refuses in bounded time when every connection is taken, and serves again when one is free', async () => {
    const holders = [hold(), hold()];
    await expect(database.query('SELECT 1')).rejects.toMatchObject(overloaded);
    const waiting = database.query('SELECT 1 AS one');
    holders[0]?.release();
    expect(await waiting).toEqual([{ one: 1 }]);
    holders[1]?.release();
    await Promise.all(holders.map(({ ended }) => ended));
  });

  test('refuses at once when too many wait already', async () => {
    const patient = openDatabase({ url: proxy.url, poolSize: 1, acquireTimeoutMs: 60_000 });
    const answers = await Promise.allSettled(Array.from({ length: 150 }, () => patient.query('SELECT 1')));
    await patient.close();
    const refused = answers.filter(({ status }) => status === 'rejected');
    expect(refused).toHaveLength(49);
    for (const { reason } of refused as PromiseRejectedResult[]) expect(reason).toMatchObject(overloaded);
  });

  test('serves more callers than it has connections, and opens no more than its size', async () => {
    const patient = openDatabase({ url: proxy.url, poolSize: 2, acquireTimeoutMs: 60_000 });
    const ids = await Promise.all(
      Array.from({ length: 50 }, () => patient.query<{ id: number }>('SELECT CONNECTION_ID() AS id')),
    );
    await patient.close();
    expect(new Set(ids.map(([row]) => row?.id)).size).toBeLessThanOrEqual(2);
  });

  test('fails at once while the database refuses connections, and recovers by itself', async () => {
    await database.query('SELECT 1');
    await proxy.cut();
    await vi.waitFor(() => expect(database.query('SELECT 1')).rejects.toMatchObject(unavailable));
    for (let i = 0; i < 20; i += 1) {
      await expect(database.query('SELECT 1')).rejects.toMatchObject(unavailable);
    }
    await proxy.restore();
    expect(await database.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('fails in bounded time while the database is frozen, and recovers by itself', async () => {
    await Promise.all([database.query('SELECT 1'), database.query('SELECT 1')]);
    proxy.freeze();
    const results = await Promise.allSettled(Array.from({ length: 6 }, () => database.query('SELECT 1')));
    for (const result of results) {
      expect(result.status === 'rejected' && isUnavailable(result.reason)).toBe(true);
    }
    await proxy.restore();
    expect(await database.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('a query whose connection is broken fails, and its place in the pool is free again', async () => {
    for (let i = 0; i < 4; i += 1) {
      const asleep = database.query('SELECT SLEEP(5)').catch((error: unknown) => error);
      await expect
        .poll(() =>
          made.database.query("SELECT 1 FROM information_schema.PROCESSLIST WHERE STATE = 'User sleep'"),
        )
        .not.toEqual([]);
      await proxy.cut();
      expect(isUnavailable(await asleep)).toBe(true);
      await proxy.restore();
    }
    expect(await database.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('a connection that the server hung up on while it was idle is not handed out again', async () => {
    const [row] = await database.query<{ id: number }>('SELECT CONNECTION_ID() AS id');
    await made.database.execute(`KILL ${row?.id}`);
    await vi.waitFor(async () => {
      const [now] = await database.query<{ id: number }>('SELECT CONNECTION_ID() AS id');
      expect(now?.id).not.toBe(row?.id);
    });
  });

  test('an error of the server leaves the connection in use', async () => {
    const id = 'SELECT CONNECTION_ID() AS id';
    const before = await database.query(id);
    await expect(database.query('SELECT nonsense')).rejects.toMatchObject({ errno: 1054 });
    expect(await database.query(id)).toEqual(before);
  });

  test('a wrong database name or password fails as storage, with the server’s error as its cause', async () => {
    const wrong = openDatabase({ url: proxy.url.replace(/test_\w+/, 'no_such_database') });
    await expect(wrong.query('SELECT 1')).rejects.toMatchObject({
      code: 'storage-unavailable',
      cause: { errno: 1049 },
    });
    await wrong.close();
  });
});

describe('closing the pool', () => {
  test('lets what is under way end, and refuses what comes later', async () => {
    const holder = hold();
    await vi.waitFor(() => expect(database.query('SELECT 1')).resolves.toHaveLength(1));
    const closed = database.close();
    await expect(database.query('SELECT 1')).rejects.toMatchObject(unavailable);
    holder.release();
    await holder.ended;
    await closed;
  });

  test('leaves no connection behind', async () => {
    const rows = await database.query<{ id: number }>('SELECT CONNECTION_ID() AS id');
    await database.close();
    const alive = 'SELECT 1 FROM information_schema.PROCESSLIST WHERE ID = ?';
    await expect.poll(() => made.database.query(alive, [rows[0]?.id])).toEqual([]);
  });

  test('is bounded when the database hangs', async () => {
    await database.query('SELECT 1');
    proxy.freeze();
    await database.close();
  });
});

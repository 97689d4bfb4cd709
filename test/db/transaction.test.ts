import { eq } from 'drizzle-orm';
import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Database, openDatabase, type Transaction } from '../../src/db/database.ts';
import { errnoOf, isUnavailable } from '../../src/db/errors.ts';
import { tokenRevocation } from '../../src/db/schema.ts';
import { prepareDatabase } from '../support/database/database.ts';
import { startDatabaseProxy } from '../support/database/database-proxy.ts';

const made = prepareDatabase({ poolSize: 4 });
const { database } = made;

beforeAll(async () => {
  await database.execute('CREATE TABLE account (id INT PRIMARY KEY, n INT NOT NULL) ENGINE=InnoDB');
});

beforeEach(() => database.execute('REPLACE INTO account VALUES (1, 0), (2, 0)'));

const amounts = async () =>
  (await database.query<{ n: number }>('SELECT n FROM account ORDER BY id')).map(({ n }) => n);

/** Something that several transactions reach before any goes on. */
function meeting(count: number): () => Promise<void> {
  let open = () => {};
  let arrived = 0;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return async () => {
    arrived += 1;
    if (arrived === count) open();
    await opened;
  };
}

describe('a transaction', () => {
  test('commits what was done, and returns what it was given', async () => {
    const result = await database.transaction(async (tx) => {
      await tx.execute('UPDATE account SET n = n + 1 WHERE id = 1');
      return 'done';
    });
    expect(result).toBe('done');
    expect(await amounts()).toEqual([1, 0]);
  });

  test('undoes everything when it throws, and passes the error on', async () => {
    const failed = new Error('no');
    const run = database.transaction(async (tx) => {
      await tx.execute('UPDATE account SET n = n + 1 WHERE id = 1');
      throw failed;
    });
    await expect(run).rejects.toBe(failed);
    expect(await amounts()).toEqual([0, 0]);
  });

  test('gives drizzle the same connection', async () => {
    await database
      .transaction(async (tx) => {
        await tx.orm.insert(tokenRevocation).values({ userId: 1, notBefore: new Date(0) });
        expect(await tx.orm.select().from(tokenRevocation).where(eq(tokenRevocation.userId, 1))).toHaveLength(
          1,
        );
        expect(await database.orm.select().from(tokenRevocation)).toEqual([]);
        throw new Error('undo');
      })
      .catch(() => {});
    expect(await database.orm.select().from(tokenRevocation)).toEqual([]);
  });

  test('cannot be used once it has ended', async () => {
    let kept: Transaction | undefined;
    await database.transaction(async (tx) => {
      kept = tx;
    });
    await expect(kept?.query('SELECT 1')).rejects.toThrow('the transaction has ended');
  });

  test('that deadlocks is run again', async () => {
    const meet = meeting(2);
    const attempts = vi.fn();
    const move = (first: number, second: number) =>
      database.transaction(async (tx) => {
        attempts();
        await tx.execute('UPDATE account SET n = n + 1 WHERE id = ?', [first]);
        await meet();
        await tx.execute('UPDATE account SET n = n + 1 WHERE id = ?', [second]);
      });
    await Promise.all([move(1, 2), move(2, 1)]);
    expect(await amounts()).toEqual([2, 2]);
    expect(attempts.mock.calls.length).toBeGreaterThan(2);
  });

  test('that deadlocks within drizzle is run again', async () => {
    const meet = meeting(2);
    await database.orm.insert(tokenRevocation).values([
      { userId: 11, notBefore: new Date(0) },
      { userId: 12, notBefore: new Date(0) },
    ]);
    const touch = (first: number, second: number) =>
      database.transaction(async (tx) => {
        const notBefore = new Date(first * 1000);
        await tx.orm.update(tokenRevocation).set({ notBefore }).where(eq(tokenRevocation.userId, first));
        await meet();
        await tx.orm.update(tokenRevocation).set({ notBefore }).where(eq(tokenRevocation.userId, second));
      });
    await expect(Promise.all([touch(11, 12), touch(12, 11)])).resolves.toHaveLength(2);
  });

  test('gives up after a bounded number of attempts, with the server’s error', async () => {
    const attempts = vi.fn();
    const run = database.transaction(async (tx) => {
      attempts();
      await tx.execute("SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213");
    });
    expect(await run.catch(errnoOf)).toBe(1213);
    expect(attempts).toHaveBeenCalledTimes(6);
  });

  test('is not run again for any other error', async () => {
    const attempts = vi.fn();
    const run = database.transaction(async (tx) => {
      attempts();
      await tx.execute('INSERT INTO account VALUES (1, 0)');
    });
    expect(await run.catch(errnoOf)).toBe(1062);
    expect(attempts).toHaveBeenCalledTimes(1);
  });

  test('whose connection is killed changes nothing, fails with the connection’s error, and leaks no connection', async () => {
    for (let i = 0; i < 8; i += 1) {
      const run = database.transaction(async (tx) => {
        await tx.execute('UPDATE account SET n = n + 1 WHERE id = 1');
        const [row] = await tx.query<{ id: number }>('SELECT CONNECTION_ID() AS id');
        await database.execute(`KILL ${row?.id}`);
        await tx.execute('UPDATE account SET n = n + 1 WHERE id = 2');
      });
      expect(isUnavailable(await run.catch((error: unknown) => error))).toBe(true);
    }
    expect(await amounts()).toEqual([0, 0]);
    await expectWholePool(database, 4);
  });

  test('whose own error comes with a dead connection fails with its own error', async () => {
    const failed = new Error('no');
    const run = database.transaction(async (tx) => {
      const [row] = await tx.query<{ id: number }>('SELECT CONNECTION_ID() AS id');
      await database.execute(`KILL ${row?.id}`);
      throw failed;
    });
    await expect(run).rejects.toBe(failed);
  });
});

describe('a snapshot', () => {
  test('shows the tables as at its beginning, waits for no lock, and takes none', async () => {
    const read = await database.snapshot(async (tx) => {
      await database.transaction(async (other) => {
        await other.execute('UPDATE account SET n = 7');
        expect(await tx.query('SELECT n FROM account WHERE id = 1')).toEqual([{ n: 0 }]);
      });
      return await tx.query('SELECT n FROM account WHERE id = 2');
    });
    expect(read).toEqual([{ n: 0 }]);
    expect(await amounts()).toEqual([7, 7]);
  });

  test('leaves its connection to transactions that read what is committed meanwhile', async () => {
    await Promise.all(Array.from({ length: 4 }, () => database.snapshot((tx) => tx.query('SELECT 1'))));
    await database.transaction(async (tx) => {
      const before = await tx.query('SELECT n FROM account WHERE id = 1');
      await database.execute('UPDATE account SET n = 8 WHERE id = 1');
      expect([before, await tx.query('SELECT n FROM account WHERE id = 1')]).toEqual([
        [{ n: 0 }],
        [{ n: 8 }],
      ]);
    });
  });

  test('is read again where a table was altered since its beginning', async () => {
    let runs = 0;
    const read = await database.snapshot(async (tx) => {
      if (runs++ === 0)
        await database.execute('ALTER TABLE account ADD COLUMN m INT NOT NULL DEFAULT 0, ENGINE=InnoDB');
      return await tx.query('SELECT n FROM account WHERE id = 1');
    });
    expect(read).toEqual([{ n: 0 }]);
    expect(runs).toBe(2);
    await database.execute('ALTER TABLE account DROP COLUMN m');
  });
});

describe('a transaction that cannot begin', () => {
  test('is begun on another connection when the one it got was dead', async () => {
    const run = database.transaction((tx) => tx.query('SELECT 1 AS one'));
    await run;
    const ids = await Promise.all(
      Array.from({ length: 4 }, () =>
        database.query<{ id: number }>('SELECT CONNECTION_ID() AS id, SLEEP(0.05)'),
      ),
    );
    const killer = await database.connect();
    for (const [row] of ids) await killer.query(`KILL ${row?.id}`).catch(() => {});
    killer.destroy();
    const all = Array.from({ length: 8 }, () => database.transaction((tx) => tx.query('SELECT 1 AS one')));
    expect(await Promise.all(all)).toEqual(Array.from({ length: 8 }, () => [{ one: 1 }]));
  });

  test('leaks no connection', async () => {
    const proxy = await startDatabaseProxy(made.url);
    const behind = openDatabase({
      url: proxy.url,
      poolSize: 2,
      acquireTimeoutMs: 300,
      statementTimeoutMs: 300,
    });
    await behind.query('SELECT 1');
    proxy.freeze();
    for (let i = 0; i < 3; i += 1) {
      const run = behind.transaction(async () => {});
      expect(isUnavailable(await run.catch((error: unknown) => error))).toBe(true);
    }
    await proxy.restore();
    await expectWholePool(behind, 2);
    await behind.close();
    await proxy.close();
  });
});

/** As many transactions as the pool is large can be open at the same moment. */
async function expectWholePool(pool: Database, size: number): Promise<void> {
  const meet = meeting(size);
  await Promise.all(Array.from({ length: size }, () => pool.transaction(meet)));
}

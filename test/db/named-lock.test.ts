import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Database, openDatabase } from '../../src/db/database.ts';
import { lockName, NamedLock, type NamedLockOptions } from '../../src/db/named-lock.ts';
import { prepareDatabase } from '../support/database/database.ts';
import { type DatabaseProxy, startDatabaseProxy } from '../support/database/database-proxy.ts';

const made = prepareDatabase({ migrated: false });
let proxy: DatabaseProxy;
let behindProxy: Database;
const locks: NamedLock[] = [];

beforeAll(async () => {
  proxy = await startDatabaseProxy(made.url);
  behindProxy = openDatabase({ url: proxy.url, acquireTimeoutMs: 300 });
});

afterEach(async () => {
  await Promise.all(locks.splice(0).map((lock) => lock.close()));
});

afterAll(async () => {
  await proxy.close();
  await behindProxy.close();
});

function contend(options: Partial<NamedLockOptions> = {}, database = made.database): NamedLock {
  const lock = new NamedLock(database, 'relay', { onAcquired: () => {}, retryMs: 20, ...options });
  locks.push(lock);
  lock.start();
  return lock;
}

const holder = async () => {
  const [row] = await made.database.query<{ id: number | null }>('SELECT IS_USED_LOCK(?) AS id', [
    lockName(made.database.name, 'relay'),
  ]);
  return row?.id ?? undefined;
};

describe('a named lock', () => {
  test('is held by one of many', async () => {
    const begun = vi.fn();
    const all = Array.from({ length: 4 }, () => contend({ onAcquired: begun }));
    await vi.waitFor(() => expect(all.filter(({ held }) => held)).toHaveLength(1));
    await all.find(({ held }) => !held)?.close();
    expect(begun).toHaveBeenCalledTimes(1);
  });

  test('that is closed while it is being won is given up, and nothing begins', async () => {
    const begun = vi.fn();
    let close = () => {};
    const closed = new Promise<void>((resolve) => {
      close = resolve;
    });
    let ask = () => {};
    const asked = new Promise<void>((resolve) => {
      ask = resolve;
    });
    // The server's answer arrives when the lock has been closed.
    const slow: Pick<Database, 'connect' | 'name'> = {
      name: made.database.name,
      connect: async (options) => {
        const connection = await made.database.connect(options);
        const query = connection.query.bind(connection);
        connection.query = (async (statement: { sql: string }) => {
          const answer = await query(statement);
          if (!statement.sql.includes('GET_LOCK')) return answer;
          ask();
          await closed;
          return answer;
        }) as typeof connection.query;
        return connection;
      },
    };
    const lock = new NamedLock(slow, 'relay', { onAcquired: begun });
    lock.start();
    await asked;
    const over = lock.close();
    close();
    await over;
    expect(begun).not.toHaveBeenCalled();
    await vi.waitFor(async () => expect(await holder()).toBeUndefined());
  });

  test('is taken over when its holder’s connection is killed, and the holder is notified', async () => {
    const lost = vi.fn();
    let signal: AbortSignal | undefined;
    const first = contend({
      onAcquired: (given) => {
        signal = given;
      },
      onLost: lost,
      retryMs: 500,
    });
    await vi.waitFor(() => expect(first.held).toBe(true));
    const second = contend();
    await made.database.execute(`KILL ${await holder()}`);
    await vi.waitFor(() => expect(second.held).toBe(true));
    await vi.waitFor(() => expect(signal?.aborted).toBe(true));
    expect(lost).toHaveBeenCalledTimes(1);
    expect(first.held).toBe(false);
  });

  test('comes back to the one that lost it when no other wants it', async () => {
    const begun = vi.fn();
    const lock = contend({ onAcquired: begun });
    await vi.waitFor(() => expect(lock.held).toBe(true));
    await made.database.execute(`KILL ${await holder()}`);
    await vi.waitFor(() => expect(begun).toHaveBeenCalledTimes(2));
  });

  test('is given up by a holder that is cut off from the database, and tried for again when it is back', async () => {
    const errors = vi.fn();
    const lock = contend({ onError: errors }, behindProxy);
    await vi.waitFor(() => expect(lock.held).toBe(true));
    await proxy.cut();
    await vi.waitFor(() => expect(lock.held).toBe(false));
    await vi.waitFor(() => expect(errors.mock.calls.length).toBeGreaterThan(2));
    await proxy.restore();
    await vi.waitFor(() => expect(lock.held).toBe(true));
  });

  test('whose holder falls silent passes to another, though the holder’s connection is still there', async () => {
    const silent = contend({ retryMs: 100, silenceS: 1 }, behindProxy);
    await vi.waitFor(() => expect(silent.held).toBe(true));
    const other = contend();
    proxy.freeze();
    await vi.waitFor(() => expect(other.held).toBe(true));
    await proxy.restore();
    await vi.waitFor(() => expect(silent.held).toBe(false));
  });

  test('moves with the pool to another server, also while the server that was left still answers', async () => {
    const begun = vi.fn();
    contend({ onAcquired: begun }, behindProxy);
    await vi.waitFor(() => expect(begun).toHaveBeenCalledTimes(1));
    const before = await holder();
    behindProxy.renew();
    await vi.waitFor(() => expect(begun).toHaveBeenCalledTimes(2));
    expect(await holder()).not.toBe(before);
  });

  test('is given up and tried for again when the leader task fails', async () => {
    const failed = new Error('no');
    const errors = vi.fn();
    const begun = vi.fn().mockRejectedValueOnce(failed).mockResolvedValue(undefined);
    const lock = contend({ onAcquired: begun, onError: errors });
    await vi.waitFor(() => expect(begun).toHaveBeenCalledTimes(2));
    expect(errors).toHaveBeenCalledWith(failed);
    expect(lock.held).toBe(true);
  });

  test('is free the moment it was closed, and the leader task has ended by then', async () => {
    let ended = false;
    const lock = contend({
      onAcquired: async (signal) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        await made.database.query('SELECT 1');
        ended = true;
      },
    });
    await vi.waitFor(() => expect(lock.held).toBe(true));
    await lock.close();
    expect(ended).toBe(true);
    expect(await holder()).toBeUndefined();
  });

  test('is never begun twice at once in one process, however often it is lost', async () => {
    let running = 0;
    let most = 0;
    const begun = vi.fn(async (signal: AbortSignal) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      await made.database.query('SELECT SLEEP(0.05)');
      running -= 1;
    });
    contend({ onAcquired: begun });
    for (let round = 1; round <= 3; round += 1) {
      await vi.waitFor(() => expect(begun).toHaveBeenCalledTimes(round));
      await made.database.execute(`KILL ${await holder()}`);
    }
    await vi.waitFor(() => expect(begun).toHaveBeenCalledTimes(4));
    expect(most).toBe(1);
  });

  test('can be closed while the database is away, and before it was started', async () => {
    const errors = vi.fn();
    await proxy.cut();
    const lock = contend({ onError: errors }, behindProxy);
    await vi.waitFor(() => expect(errors).toHaveBeenCalled());
    await lock.close();
    await proxy.restore();
    await new NamedLock(made.database, 'relay', { onAcquired: () => {} }).close();
  });
});

describe('the name of a lock', () => {
  test('differs by database and by purpose, and fits what MySQL takes', () => {
    const names = ['a', 'b', 'x'.repeat(64), `${'x'.repeat(63)}y`, 'datenbänke'].flatMap((database) => [
      lockName(database, 'relay'),
      lockName(database, 'migrate'),
    ]);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[\x21-\x7e]{1,64}$/);
  });
});

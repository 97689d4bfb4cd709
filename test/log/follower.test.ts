import type { Connection } from 'mysql2/promise';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { type Database, openDatabase } from '../../src/db/database.ts';
import { Follower } from '../../src/log/follower.ts';
import { type DatabaseProxy, startDatabaseProxy } from '../support/database/database-proxy.ts';
import { follow, unitOf, wholeLog } from '../support/database/log.ts';
import { until } from '../support/until.ts';
import { ids, kill, prepareLog, range } from './fixture.ts';

const log = prepareLog();
const { database, following } = log;
const append = log.appendElsewhere;

describe('a follower', () => {
  test('begins at the head, and hands on what follows', async () => {
    await append(3);
    const { follower, rows } = await following();
    expect(follower.position).toBe(3);
    await append(3);
    await until(() => rows.length === 3);
    expect(rows).toEqual((await wholeLog(database)).slice(3));
    expect(follower.lag).toBe(0);
  });

  test('hands nothing on before its owner is prepared, and then everything above the position it was given', async () => {
    await append(2);
    const said: unknown[] = [];
    const follower = new Follower({
      connect: () => database.connect(),
      onRows: (rows) => said.push(...ids(rows)),
      onReset: (fault) => said.push(fault),
      pollMs: { busy: 2, idle: 20 },
    });
    log.closing(() => follower.close());
    await follower.start(async (position) => {
      said.push(`from ${position}`);
      await append(2);
      follower.offer((await wholeLog(database)).slice(2));
      follower.hint(4);
      said.push('prepared');
    });
    await until(() => follower.position === 4);
    expect(said).toEqual(['from 2', 'prepared', 3, 4]);
  });

  test('hands on own commits at once, without asking the database', async () => {
    const { follower, rows } = await following({ pollMs: { busy: 60_000, idle: 60_000 } });
    await until(() => follower.connected);
    const own = log.appending({
      onCommitted: (committed, proof) => follower.offer(committed, proof),
    });
    await own.append([unitOf('mine'), unitOf('too')]);
    expect(rows).toEqual(await wholeLog(database));
  });

  test('hands on a thousand rows that another node wrote in its back', async () => {
    const { rows } = await following();
    await log.appending().append(Array.from({ length: 2_500 }, (_, i) => unitOf(`row ${i}`)));
    await until(() => rows.length === 2_500);
    expect(ids(rows)).toEqual(range(1, 2_500));
  });

  test('is not led astray by hints that are no positions', async () => {
    const { follower, rows, faults } = await following();
    for (const head of [Number.NaN, -5, 0, 1.5, Number.POSITIVE_INFINITY, 2 ** 60, Number.MAX_SAFE_INTEGER])
      follower.hint(head);
    await append(2);
    await until(() => rows.length === 2 && follower.lag === 0);
    expect(faults).toEqual([]);
  });

  test('is woken by a hint of rows that another node wrote', async () => {
    const { follower, rows } = await following({ pollMs: { busy: 60_000, idle: 60_000 } });
    // The first poll is over, and the next is a minute away.
    await follower.refresh();
    await append(2);
    follower.wake(2);
    await until(() => rows.length === 2);
    expect(follower.lag).toBe(0);
  });

  test('polls no more than now and then for hints of rows that are not there, and believes none', async () => {
    const { follower, rows, faults, connections } = await following({ pollMs: { busy: 50, idle: 60_000 } });
    await follower.refresh();
    const connection = connections.at(-1) as Connection;
    const query = vi.spyOn(connection, 'query');
    await append(1);
    const heads = [Number.NaN, -1, 0, 1.5, Number.POSITIVE_INFINITY, 10 ** 15, Number.MAX_SAFE_INTEGER];
    for (let i = 0; i < 1_000; i++) follower.wake(heads[i % heads.length] as number);
    await until(() => rows.length === 1);
    expect([follower.lag, faults]).toEqual([0, []]);
    expect(query.mock.calls.length).toBeLessThan(20);
  });

  test('hands nothing on once it is closed', async () => {
    const { follower, rows } = await following();
    await append(1);
    await until(() => rows.length === 1);
    await follower.close();
    follower.offer((await wholeLog(database)).map((row) => ({ ...row, id: row.id + 1 })));
    await append(1);
    expect(ids(rows)).toEqual([1]);
  });

  test('cannot start without a database, and leaves nothing open', async () => {
    const nowhere = openDatabase({ url: 'mysql://root@127.0.0.1:1/nothing' });
    await expect(follow(nowhere)).rejects.toThrow();
    await nowhere.close();
  });
});

describe('a connection that is lost', () => {
  test('is replaced, again and again, and no row is lost or doubled', async () => {
    const { follower, rows, faults, connections } = await following();
    const own = log.appending({
      onCommitted: (committed, proof) => follower.offer(committed, proof),
    });
    for (let round = 1; round <= 8; round++) {
      const before = connections.length;
      const appends = [append(10), ...Array.from({ length: 10 }, () => own.append([unitOf('mine')]))];
      await kill(connections.at(-1));
      await until(() => connections.length > before);
      await Promise.all(appends);
    }
    await until(() => follower.position === 160);
    expect(ids(rows)).toEqual(range(1, 160));
    expect(rows).toEqual(await wholeLog(database));
    expect(faults).toEqual([]);
  });

  describe('behind a network', () => {
    let proxy: DatabaseProxy;
    let remote: Database;

    beforeEach(async () => {
      proxy = await startDatabaseProxy(log.url);
      remote = openDatabase({ url: proxy.url });
      log.closing(async () => {
        await proxy.close();
        await remote.close();
      });
    });

    test('that breaks and comes back: it goes on', async () => {
      const { follower, rows, faults } = await following({ connect: () => remote.connect() });
      await append(3);
      await until(() => rows.length === 3);
      await proxy.cut();
      await until(() => !follower.connected);
      await append(3);
      expect(rows.length).toBe(3);
      await proxy.restore();
      await until(() => rows.length === 6);
      expect([ids(rows), faults]).toEqual([range(1, 6), []]);
    });

    test('that freezes: it can be closed all the same', async () => {
      const { follower, rows } = await following({ connect: () => remote.connect() });
      proxy.freeze();
      follower.hint(1_000);
      await append(1);
      await follower.close();
      await proxy.restore();
      await append(1);
      expect(rows).toEqual([]);
    });
  });
});

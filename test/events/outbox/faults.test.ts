import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { openDatabase } from '../../../src/db/database.ts';
import { prepare } from '../../../src/events/prepare.ts';
import { readHead } from '../../../src/log/reader.ts';
import { onServer } from '../../support/database/database.ts';
import { startDatabaseProxy } from '../../support/database/database-proxy.ts';
import { expectGapless } from '../../support/database/log.ts';
import {
  insertRow,
  openPublisher,
  outboxRows,
  publishSql,
  relayed,
  startRelay,
  titlesIn,
} from '../../support/database/outbox.ts';
import { openPlatformSession } from '../../support/database/platform-session.ts';
import { until } from '../../support/until.ts';
import { startFaultyWire } from '../../support/wire/faulty-wire.ts';
import { startMortalWire } from '../../support/wire/mortal-wire.ts';
import { prepareOutbox } from './fixture.ts';

const outbox = prepareOutbox();

/** Publishes some in one transaction, and says which. */
async function publishSome(count: number, from: number): Promise<string[]> {
  const titles = Array.from({ length: count }, (_, index) => `${from + index}`);
  await outbox.database.transaction(async (tx) => {
    for (const title of titles) await publishSql(tx, title, Number(title) % 3 === 0 ? `key ${title}` : null);
  });
  return titles;
}

/** Everything was published once, in order, and nothing is left. */
async function expectPublished(titles: readonly string[]): Promise<void> {
  await relayed(outbox.database);
  expect(await titlesIn(outbox.database)).toEqual(titles);
  expect(await outboxRows(outbox.database)).toEqual([]);
  await expectGapless(outbox.database);
}

describe('Each of 1,000 events is published once and in order', () => {
  test('though one relay after the other is killed, at every step of its work', {
    timeout: 240_000,
  }, async () => {
    const ends = ['before', 'during', 'after'] as const;
    const titles: string[] = [];
    let lives = 0;
    for (; titles.length < 1_000; lives++) {
      titles.push(...(await publishSome(10, titles.length)));
      const wire = await startMortalWire(
        outbox.made.url,
        lives % 23,
        ends[lives % 3] as (typeof ends)[number],
      );
      const database = openDatabase({ url: wire.url, poolSize: 2 });
      const relay = startRelay(database, { patienceMs: 50 });
      await until(() => wire.dead);
      // Whatever is left of it cannot reach the database, like a process that is no more.
      await relay.stop();
      await database.close();
      await wire.close();
    }
    expect(lives).toBe(100);
    outbox.relaying();
    await expectPublished(titles);
  });

  test('though the connection breaks around COMMIT, again and again', { timeout: 240_000 }, async () => {
    let before = 0;
    const wire = await startFaultyWire(outbox.made.url, () =>
      until(async () => (await readHead(outbox.database.query)).head > before),
    );
    outbox.closing(() => wire.close());
    const database = openDatabase({ url: wire.url });
    outbox.closing(() => database.close());
    const publisher = openPublisher(database);
    outbox.closing(() => publisher.close());
    let underWay = 0;
    const relay = startRelay(database, {
      publisher: {
        publishUnits(units) {
          underWay++;
          return publisher.publishUnits(units).finally(() => underWay--);
        },
      },
    });
    outbox.closing(() => relay.stop());
    const titles: string[] = [];
    for (let round = 0; round < 40; round++) {
      before = (await readHead(outbox.database.query)).head;
      wire.faults.splice(0, Number.POSITIVE_INFINITY, ...FAULTS.slice(round % 5, (round % 5) + 2));
      titles.push(...(await publishSome(25, titles.length)));
      await relayed(outbox.database);
      // What has committed may still wait for its answer.
      await until(() => underWay === 0);
    }
    await expectPublished(titles);
  });

  test('though two relays are at work', { timeout: 240_000 }, async () => {
    for (let i = 0; i < 2; i++) outbox.relaying();
    const titles: string[] = [];
    while (titles.length < 1_000) {
      titles.push(...(await publishSome(1 + (titles.length % 40), titles.length)));
      await sleep(titles.length % 4);
    }
    await expectPublished(titles);
  });

  test('though the server kills connections of the relay while it works', { timeout: 240_000 }, async () => {
    const threads = new Set<number>();
    const database = openDatabase({ url: outbox.made.url });
    outbox.closing(() => database.close());
    const own = {
      ...database,
      connect: async (settings?: object) => {
        const connection = await database.connect(settings);
        threads.add(connection.threadId);
        return connection;
      },
    };
    const relay = startRelay(own);
    outbox.closing(() => relay.stop());
    let over = false;
    let killed = 0;
    const killing = onServer(async (server) => {
      while (!over) {
        const newest = [...threads].at(-1);
        if (newest !== undefined)
          await server.query(`KILL ${newest}`).then(
            () => killed++,
            () => {},
          );
        await sleep(5);
      }
    });
    const titles: string[] = [];
    while (titles.length < 1_000) titles.push(...(await publishSome(20, titles.length)));
    await until(() => killed > 5);
    over = true;
    await killing;
    await expectPublished(titles);
  });
});

const FAULTS = ['after', 'during', 'before', 'after', 'after', 'during', 'before'] as const;

describe('A database that is away', () => {
  test('costs nothing: what is in the outbox is published when it is back, and what is invalid becomes a dead letter', async () => {
    const proxy = await startDatabaseProxy(outbox.made.url);
    outbox.closing(() => proxy.close());
    const database = openDatabase({ url: proxy.url, acquireTimeoutMs: 300 });
    outbox.closing(() => database.close());
    const relay = startRelay(database);
    outbox.closing(() => relay.stop());
    const titles = await publishSome(5, 0);
    await relayed(outbox.database);
    for (let outage = 0; outage < 3; outage++) {
      await proxy.cut();
      const reported = relay.errors.length;
      titles.push(...(await publishSome(5, titles.length)));
      await insertRow(outbox.database, 'NOTHING', {});
      await until(() => relay.errors.length > reported + 1);
      await proxy.restore();
      await relayed(outbox.database);
    }
    expect(await titlesIn(outbox.database)).toEqual(titles);
    expect((await outboxRows(outbox.database)).map(({ attempts }) => attempts)).toEqual([1, 1, 1]);
  });
});

describe('Rows that a client has locked', () => {
  test.each([
    ['an event', 'ANNOUNCEMENT', { title: 'locked', message: 'm' }, null],
    ['an event that was published before', 'ANNOUNCEMENT', { title: 'known', message: 'm' }, 'known'],
    ['a notice', 'STANDINGS_TOUCHED', { contestId: 3 }, null],
    ['what cannot be published', 'ANNOUNCEMENT', { title: 7 }, null],
    ['an event with a handler', 'CONTEST_END', { contestId: 3 }, null],
  ])('delay no other, and are relayed once they are free: %s', async (kind, type, payload, key) => {
    await publishSql(outbox.database, 'known', 'known');
    const first = startRelay(outbox.database);
    await relayed(outbox.database);
    await first.stop();
    const id = await insertRow(outbox.database, type, payload, key);
    const client = await openPlatformSession(outbox.made.url);
    outbox.closing(async () => client.close());
    await client.run('START TRANSACTION');
    await client.run('SELECT id FROM event_outbox WHERE id = ? FOR UPDATE', [id]);
    const others = await publishSome(50, 0);
    const publisher = outbox.publishing();
    const { errors } = outbox.relaying({
      handlers: {
        CONTEST_END: async (_data, deletion) => {
          const drafts = [prepare('ANNOUNCEMENT', { title: 'handled', message: 'm' })];
          await publisher.publishUnits([{ drafts, preconditions: [deletion] }]);
          return true;
        },
      },
    });
    await until(async () => (await titlesIn(outbox.database)).length === 51);
    expect(await titlesIn(outbox.database)).toEqual(['known', ...others]);
    expect(await outboxRows(outbox.database)).toMatchObject([{ id, failed: 0 }]);
    await client.run('COMMIT');
    await relayed(outbox.database);
    const late = { 'an event': 'locked', 'an event with a handler': 'handled' }[kind];
    expect(await titlesIn(outbox.database)).toEqual(['known', ...others, ...(late ? [late] : [])]);
    expect(await outboxRows(outbox.database)).toMatchObject(
      kind === 'what cannot be published' ? [{ id, failed: 1, attempts: 1 }] : [],
    );
    expect(errors).toEqual([]);
    await expectGapless(outbox.database);
  });
});

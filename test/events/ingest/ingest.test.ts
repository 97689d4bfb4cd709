import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createLogPublisher, type LogPublisher } from '../../../src/events/log-publisher.ts';
import type { Appender } from '../../../src/log/appender.ts';
import { readRestrictions } from '../../../src/platform/restrictions.ts';
import { Problem } from '../../../src/protocol/problem.ts';
import { prepareDatabase } from '../../support/database/database.ts';
import { expectGapless, messagesIn, openAppender, resetLog } from '../../support/database/log.ts';
import { prepareRedis } from '../../support/redis-server.ts';
import { until } from '../../support/until.ts';
import { announcement, createStream, type Running, type TestStream } from './fixture.ts';

const made = prepareDatabase();
const redis = prepareRedis();
let appender: Appender;
let publisher: LogPublisher;
let stream: TestStream;
const closers: (() => Promise<unknown>)[] = [];

beforeAll(() => {
  appender = openAppender(made.database);
  publisher = createLogPublisher({
    append: (units) => appender.append(units),
    restrictions: (about) => readRestrictions(made.database, about),
  });
});
beforeEach(async () => {
  await resetLog(made.database);
  stream = createStream(redis);
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});
afterAll(() => appender.close());

function start(
  options: Parameters<TestStream['start']>[1] = {},
  via: Pick<LogPublisher, 'publishUnchecked'> = publisher,
): Running {
  const running = stream.start(via, options);
  closers.push(running.stop);
  return running;
}
const cutConnections = () =>
  redis.ask((client) => client.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes']));
const names = (count: number, name = 'event') =>
  Array.from({ length: count }, (_, index) => `${name} ${index}`);
const drained = async () => {
  const { entries, pending } = await stream.left();
  return entries === 0 && pending === 0;
};
/** Fails a given number of times, before or after the events are committed. */
function failing(failures: ('before' | 'after')[]): Pick<LogPublisher, 'publishUnchecked'> {
  return {
    async publishUnchecked(events, options) {
      const failure = failures.shift();
      if (failure === 'before') throw new Problem('database-unavailable');
      const published = await publisher.publishUnchecked(events, options);
      if (failure === 'after') throw new Problem('database-unavailable');
      return published;
    },
  };
}

test('entries are published once, in order, and leave the stream', async () => {
  await stream.add(...names(2_500).map((name) => announcement(name)));
  const { ingest } = start();
  await until(drained);
  expect(await messagesIn(made.database)).toEqual(names(2_500));
  expect(ingest.stats).toEqual({ published: 2_500, duplicates: 0, deadLetters: 0, deleted: 0 });
  await stream.add(announcement('later'));
  await until(async () => (await messagesIn(made.database)).at(-1) === 'later');
  await expectGapless(made.database);
});

test('entries stay in the stream for other groups where they are to be kept', async () => {
  await stream.add(...names(3).map((name) => announcement(name)));
  start({ keep: true });
  await until(async () => (await messagesIn(made.database)).length === 3);
  await expect.poll(() => stream.left()).toEqual({ entries: 3, pending: 0 });
});

test.each<[string, Record<string, string>, string]>([
  ['no type', { data: '{}' }, 'the field type is missing'],
  ['no data', { type: 'LEVEL_UP' }, 'the field data is missing'],
  [
    'a field that no event has',
    announcement('x', { playerId: '7' }),
    '"playerId" is not a field of an entry',
  ],
  ['an unknown type', { type: 'LEVELUP', data: '{}' }, '/type is not a type of event'],
  ['a type of the service alone', { type: 'GLOBAL_LEADERBOARD', data: '{}' }, '/type is not a type of event'],
  ['data that is no JSON', { type: 'ANNOUNCEMENT', data: '{' }, '/data is not a JSON object'],
  ['data that is no object', { type: 'ANNOUNCEMENT', data: '[]' }, '/data is not a JSON object'],
  ['a wrong field', { type: 'ANNOUNCEMENT', data: '{"title":"T","message":7}' }, '/data/message'],
  ['a key that is none', announcement('x', { idempotencyKey: 'é' }), '/idempotencyKey is an idempotency key'],
  ['too much data', announcement('x'.repeat(600_000)), '/data is larger than 524288 bytes'],
])(
  'an entry with %s becomes a dead letter with the reason, and blocks nothing',
  async (_, fields, reason) => {
    await stream.add(announcement('before'), fields, announcement('after'));
    const { ingest } = start();
    await until(drained);
    expect(await messagesIn(made.database)).toEqual(['before', 'after']);
    const dead = await stream.dead();
    expect(dead).toEqual([
      { ...fields, entry: expect.stringMatching(/^\d+-\d+$/), reason: expect.stringContaining(reason) },
    ]);
    expect(ingest.stats).toMatchObject({ published: 2, deadLetters: 1 });
  },
);

test('an entry with a key of its own is published once, however often it is added, and another event with it is a dead letter', async () => {
  const key = { idempotencyKey: 'own' };
  await stream.add(
    announcement('one', key),
    announcement('two'),
    announcement('one', key),
    announcement('other', key),
  );
  const { ingest } = start();
  await until(drained);
  expect(await messagesIn(made.database)).toEqual(['one', 'two']);
  expect(ingest.stats).toMatchObject({ published: 2, duplicates: 1, deadLetters: 1 });
  expect(await stream.dead()).toMatchObject([
    { data: '{"title":"T","message":"other"}', reason: expect.stringContaining('another body') },
  ]);
});

test('two entries that say the same without a key are two events', async () => {
  await stream.add(announcement('same'), announcement('same'));
  start();
  await until(drained);
  expect(await messagesIn(made.database)).toEqual(['same', 'same']);
});

test('several consumers publish every entry once', async () => {
  await stream.add(...names(3_000).map((name) => announcement(name)));
  const running = [start(), start(), start()];
  await until(drained);
  expect((await messagesIn(made.database)).toSorted()).toEqual(names(3_000).toSorted());
  expect(running.reduce((sum, { ingest }) => sum + ingest.stats.published, 0)).toBe(3_000);
  await expectGapless(made.database);
});

test('what a dead consumer was given is taken over, and published once, whether it had been committed or not', async () => {
  await stream.add(...names(5).map((name) => announcement(name)));
  // One that commits, and whose answer never arrives.
  let committed = false;
  const dying = stream.start({
    async publishUnchecked(events) {
      await publisher.publishUnchecked(events.slice(0, 3));
      committed = true;
      return new Promise(() => {});
    },
  });
  await until(() => committed);
  const { ingest } = start({ claimAfterMs: 1 });
  await until(drained);
  expect(await messagesIn(made.database)).toEqual(names(5));
  expect(ingest.stats).toMatchObject({ published: 2, duplicates: 3 });
  void dying;
});

test('a consumer whose commits fail, or fail to be answered, waits and publishes everything once', async () => {
  await stream.add(...names(300).map((name) => announcement(name)));
  const running = start({}, failing(['before', 'after', 'before', 'after']));
  await until(drained);
  expect(await messagesIn(made.database)).toEqual(names(300));
  expect(running.changes).toEqual(['redis up', 'database down', 'database up']);
  expect(running.errors).toEqual([]);
});

describe('when Redis fails', () => {
  test.each<[string, () => Promise<unknown>, () => Promise<unknown>]>([
    ['is frozen', async () => redis.freeze(), async () => redis.resume()],
    ['closes every connection', () => cutConnections(), async () => {}],
  ])('and %s, every entry is published once', async (_, fail, recover) => {
    const running = start();
    await stream.add(...names(50).map((name) => announcement(name)));
    await until(async () => (await messagesIn(made.database)).length > 0);
    await fail();
    await until(() => running.changes.includes('redis down'));
    await recover();
    await until(() => running.changes.at(-1) === 'redis up');
    await stream.add(announcement('after'));
    await until(drained);
    expect(await messagesIn(made.database)).toEqual([...names(50), 'after']);
  });

  test('and loses everything, what is added afterwards is published', async () => {
    const running = start();
    await stream.add(announcement('before'));
    await until(drained);
    await redis.ask((client) => client.flushAll());
    await stream.add(announcement('after'));
    await until(async () => (await messagesIn(made.database)).includes('after'));
    await redis.kill();
    await until(() => running.changes.at(-1) === 'redis down');
    await redis.start();
    await until(() => running.changes.at(-1) === 'redis up');
    await stream.add(announcement('restarted'));
    await until(drained);
    expect(await messagesIn(made.database)).toEqual(['before', 'after', 'restarted']);
  });

  test('after a commit and before the acknowledgement, the entries are repeats', async () => {
    await stream.add(...names(10).map((name) => announcement(name)));
    let cut = false;
    const running = start(
      {},
      {
        async publishUnchecked(events, options) {
          const published = await publisher.publishUnchecked(events, options);
          if (!cut) await cutConnections();
          cut = true;
          return published;
        },
      },
    );
    await until(() => running.changes.filter((change) => change === 'redis up').length === 2);
    await until(drained);
    expect(await messagesIn(made.database)).toEqual(names(10));
    expect(running.ingest.stats).toMatchObject({ published: 10, duplicates: 10 });
  });
});

test('a consumer that ends leaves the group when it holds nothing', async () => {
  await stream.add(announcement('x'));
  const running = stream.start(publisher, { once: true });
  await until(drained);
  await running.stop();
  const consumers = await redis.ask((client) => client.xInfoConsumers(stream.name, 'tests'));
  expect(consumers).toEqual([]);
});

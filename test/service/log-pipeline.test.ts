import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Bytes } from '../../src/channel/live-frame.ts';
import { prepare } from '../../src/events/prepare.ts';
import { openLogPipeline } from '../../src/service/log-pipeline.ts';
import { Releasers } from '../../src/service/releasers.ts';
import { Semaphore } from '../../src/util/semaphore.ts';
import type { Sink } from '../../src/stream/sink.ts';
import { Streams } from '../../src/stream/streams.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { readEventStream } from '../support/event-stream.ts';
import { withLargeRows } from '../support/large-rows.ts';
import { openAppender } from '../support/log.ts';
import { until } from '../support/until.ts';

let made: TestDatabase;
beforeAll(async () => {
  made = await createTestDatabase();
});
afterAll(() => made.drop());

/** A response that can be made to fail when it is written. */
function openSink() {
  const written: Buffer[] = [];
  const state = { failing: false, ended: false };
  const sink: Sink = {
    write(bytes: Bytes) {
      if (state.failing) throw new Error('the response is broken');
      written.push(Buffer.from(bytes.plain));
    },
    unsent: 0,
    taken: 0,
    drained: async () => {},
    end: () => {
      state.ended = true;
    },
    onClose: () => {},
  };
  return { sink, state, read: () => readEventStream(Buffer.concat(written)).events };
}

it('A stream that cannot take what it is given is closed with `reset` and told of, and costs nobody else anything', async () => {
  const errors: { error: unknown; where: string }[] = [];
  const releasers = new Releasers(() => {});
  const log = await openLogPipeline(
    {
      database: made.database,
      ring: { frames: 100, bytes: 1_000_000 },
      onError: (error, where) => errors.push({ error, where }),
    },
    releasers,
  );
  const streams = new Streams({
    hub: log.hub,
    ring: log.ring,
    query: made.database.query,
    semaphore: new Semaphore(2),
    epoch: () => log.follower.epoch,
    limits: {
      heartbeatMs: 60_000,
      retryMs: 1_000,
      maxAgeMs: 3_600_000,
      maxUnsentBytes: 1_000_000,
      maxStallMs: 30_000,
      maxStreams: 10,
      maxStreamsPerPlayer: 10,
    },
  });
  log.onDropped((listener) => streams.closeWhere((stream) => stream === listener, 'reset'));
  const open = () => {
    const opened = openSink();
    const owner = {
      userId: 1,
      playerId: undefined,
      role: 'PLAYER' as const,
      issuedAt: new Date(),
      ticketId: undefined,
      address: undefined,
      userAgent: undefined,
    };
    const stream = streams.open(
      {
        owner,
        scopes: ['global'],
        filter: undefined,
        requested: undefined,
        plan: { from: 0, recovered: true },
        expiresAt: new Date(Date.now() + 60_000),
      },
      opened.sink,
    );
    return { ...opened, stream };
  };
  const say = (title: string) =>
    log.publisher.publish({ type: 'ANNOUNCEMENT', data: { title, message: 'm' } });
  const [broken, sound] = [open(), open()];
  await until(() => broken.stream.state === 'live' && sound.stream.state === 'live');
  await say('first');
  await until(() =>
    [broken, sound].every(({ read }) => read().some(({ event }) => event === 'announcement')),
  );

  broken.state.failing = true;
  await say('second');
  await until(() => broken.stream.state === 'closed');
  await say('third');
  await until(() => sound.read().filter(({ event }) => event === 'announcement').length === 3);

  expect(broken.stream.closeReason).toBe('reset');
  expect(broken.state.ended).toBe(true);
  expect(streams.size).toBe(1);
  expect(errors).toMatchObject([{ error: { message: 'the response is broken' }, where: 'hub' }]);
  // The cursor it ends with is that of what it was given, not of what it was not.
  expect(broken.stream.announced).toBe(1);
  expect(broken.stream.lastDeliveredId).toBe(1);
  streams.close();
  await releasers.releaseAll();
});

it('An observer that fails over a row keeps it from nobody else', async () => {
  const errors: { error: unknown; where: string }[] = [];
  const releasers = new Releasers(() => {});
  const log = await openLogPipeline(
    {
      database: made.database,
      ring: { frames: 100, bytes: 1_000_000 },
      onError: (error, where) => errors.push({ error, where }),
    },
    releasers,
  );
  const seen: number[] = [];
  log.onRows(() => {
    throw new Error('cannot be understood');
  });
  log.onRows((rows) => seen.push(...rows.map(({ id }) => id)));
  const from = log.hub.position;
  const given: number[] = [];
  log.hub.join({
    scopes: ['global'],
    filter: undefined,
    position: from,
    deliver: ({ frames }) => given.push(...frames.map(({ id }) => id)),
  });
  for (const title of ['first', 'second'])
    await log.publisher.publish({ type: 'ANNOUNCEMENT', data: { title, message: 'm' } });
  await until(() => log.hub.settled === from + 2);
  expect(given).toEqual([from + 1, from + 2]);
  expect(seen).toEqual(given);
  expect(errors).toHaveLength(2);
  expect(errors[0]).toMatchObject({ error: { message: 'cannot be understood' }, where: 'observer' });
  await releasers.releaseAll();
});

it('A log whose rows are too large for a page is opened, followed and replayed in smaller ones', {
  timeout: 60_000,
}, async () => {
  const say = (count: number) =>
    Array.from({ length: count }, (_, i) => ({
      drafts: [prepare('ANNOUNCEMENT', { title: `${i}`, message: 'm' })],
    }));
  const elsewhere = openAppender(made.database);
  await elsewhere.append(say(700));
  const releasers = new Releasers(() => {});
  const errors: unknown[] = [];
  const database = withLargeRows(made.database);
  const log = await openLogPipeline(
    { database, ring: { frames: 10_000, bytes: 1_000_000_000 }, onError: (error) => errors.push(error) },
    releasers,
  );
  const head = log.hub.position;
  expect(errors).toMatchObject([{ errno: 1969 }]);
  // Another node appends: nobody tells the follower, which has to read.
  await elsewhere.append(say(700));
  const streams = new Streams({
    hub: log.hub,
    ring: log.ring,
    query: database.query,
    semaphore: new Semaphore(2),
    epoch: () => log.follower.epoch,
    limits: {
      heartbeatMs: 60_000,
      retryMs: 1_000,
      maxAgeMs: 3_600_000,
      maxUnsentBytes: 1_000_000,
      maxStallMs: 30_000,
      maxStreams: 10,
      maxStreamsPerPlayer: 10,
    },
  });
  const { sink, read } = openSink();
  const owner = {
    userId: 1,
    playerId: undefined,
    role: 'PLAYER' as const,
    issuedAt: new Date(),
    ticketId: undefined,
    address: undefined,
    userAgent: undefined,
  };
  const stream = streams.open(
    {
      owner,
      scopes: ['global'],
      filter: undefined,
      requested: '0',
      plan: { from: head - 700, recovered: true },
      expiresAt: new Date(Date.now() + 600_000),
    },
    sink,
  );
  await until(() => stream.state === 'live' && log.hub.settled === head + 700, 50_000);
  const heard = read().filter(({ event }) => event === 'announcement');
  expect(heard.map(({ lastEventId }) => Number.parseInt(lastEventId, 10))).toEqual(
    Array.from({ length: 1_400 }, (_, i) => head - 700 + i + 1),
  );
  streams.close();
  await releasers.releaseAll();
  await elsewhere.close();
});

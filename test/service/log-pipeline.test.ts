import { expect, it } from 'vitest';
import { prepare } from '../../src/events/prepare.ts';
import { openLogPipeline } from '../../src/service/log-pipeline.ts';
import { Semaphore } from '../../src/util/semaphore.ts';
import { createSink, createStreams, openStream } from '../stream/fixture.ts';
import { prepareDatabase } from '../support/database/database.ts';
import { withLargeRows } from '../support/database/large-rows.ts';
import { openAppender } from '../support/database/log.ts';
import { until } from '../support/until.ts';

const made = prepareDatabase();

/** A pipeline, and the errors that it reported. */
async function open(database = made.database, ring = { frames: 100, bytes: 1_000_000 }) {
  const errors: { error: unknown; where: string }[] = [];
  const onError = (error: unknown, where: string) => void errors.push({ error, where });
  const log = await openLogPipeline({ database, ring, now: Date.now, onError });
  const streams = createStreams({
    hub: log.hub,
    ring: log.ring,
    query: database.query,
    semaphore: new Semaphore(2),
    terms: () => log.follower.terms,
  });
  return { log, streams, errors };
}

it('A stream that cannot take what it is given is closed with `reset` and logged, and costs no other stream anything', async () => {
  const { log, streams, errors } = await open();
  log.onDropped((listener) => streams.closeWhere((stream) => stream === listener, 'reset'));
  const openOne = () => {
    const opened = createSink();
    const stream = openStream(streams, opened.sink);
    return { ...opened, stream };
  };
  const say = (title: string) =>
    log.publisher.publish({ type: 'ANNOUNCEMENT', data: { title, message: 'm' } });
  const [broken, sound] = [openOne(), openOne()];
  await until(() => broken.stream.state === 'live' && sound.stream.state === 'live');
  await say('first');
  await until(() =>
    [broken, sound].every(({ read }) => read().events.some(({ event }) => event === 'announcement')),
  );

  broken.state.failing = true;
  await say('second');
  await until(() => broken.stream.state === 'closed');
  await say('third');
  await until(() => sound.read().events.filter(({ event }) => event === 'announcement').length === 3);

  expect(broken.stream.closeReason).toBe('reset');
  expect(broken.state.ended).toBe(true);
  expect(streams.size).toBe(1);
  expect(errors).toMatchObject([{ error: { message: 'the response is broken' }, where: 'hub' }]);
  // The cursor it ends with is that of what it was given, not of what it was not.
  expect(broken.stream.announced).toBe(1);
  expect(broken.stream.lastDeliveredId).toBe(1);
  streams.close();
  await log.close();
});

it('An observer that fails over a row keeps it from no other observer', async () => {
  const { log, errors } = await open();
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
  await log.close();
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
  const { log, streams, errors } = await open(withLargeRows(made.database), {
    frames: 10_000,
    bytes: 1_000_000_000,
  });
  const head = log.hub.position;
  expect(errors).toMatchObject([{ error: { errno: 1969 } }]);
  // Another node appends: no hint reaches the follower, which has to read.
  await elsewhere.append(say(700));
  const { sink, read } = createSink();
  const stream = openStream(streams, sink, { requested: '0', from: head - 700 });
  await until(() => stream.state === 'live' && log.hub.settled === head + 700, 50_000);
  const received = read().events.filter(({ event }) => event === 'announcement');
  expect(received.map(({ lastEventId }) => Number.parseInt(lastEventId, 10))).toEqual(
    Array.from({ length: 1_400 }, (_, i) => head - 700 + i + 1),
  );
  streams.close();
  await log.close();
  await elsewhere.close();
});

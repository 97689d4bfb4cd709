import { expect, onTestFinished, test, vi } from 'vitest';
import { Hub } from '../../src/channel/hub.ts';
import type { Bytes } from '../../src/channel/live-frame.ts';
import { Ring } from '../../src/channel/ring.ts';
import type { Query } from '../../src/log/reader.ts';
import { Terms } from '../../src/log/terms.ts';
import { scopes } from '../../src/protocol/scope.ts';
import type { Sink } from '../../src/stream/sink.ts';
import type { Streams } from '../../src/stream/streams.ts';
import { until } from '../support/until.ts';
import { type ReadEvent, readEventStream } from '../support/wire/event-stream.ts';
import { frameOf } from '../support/wire/frames.ts';
import { createSink, createStreams, EPOCH, openStream } from './fixture.ts';

/** A response whose peer takes bytes only at `take`. */
function openIdleSink() {
  let unsent: Buffer[] = [];
  let release = () => {};
  const taken: Buffer[] = [];
  const sink: Sink = {
    write: ({ plain }) => void unsent.push(plain),
    get unsent() {
      return unsent.reduce((sum, { length }) => sum + length, 0);
    },
    taken: 0,
    drained: () => (unsent.length === 0 ? Promise.resolve() : new Promise((resolve) => (release = resolve))),
    end: () => {},
    cut: () => {},
    onClose: () => {},
  };
  const take = () => {
    taken.push(...unsent);
    unsent = [];
    release();
  };
  return { sink, take, read: () => readEventStream(Buffer.concat(taken)).events };
}

const FRAMES = Array.from({ length: 1_200 }, (_, i) => frameOf(i + 1, { message: 'x'.repeat(10_000) }));

/** A replay of all frames, from memory or from the database. */
function replayAll({ sink, ring, query }: { sink: Sink; ring: Ring; query: Query }) {
  const streams = createStreams({ hub: new Hub(FRAMES.length), ring, query });
  const stream = openStream(streams, sink, { requested: '0' });
  onTestFinished(() => streams.close());
  return stream;
}

function expectWhole(events: readonly ReadEvent[]): void {
  expect(events.map(({ event }) => event)).toEqual([
    'stream-open',
    ...FRAMES.map(() => 'announcement'),
    'caught-up',
  ]);
  expect(events.slice(1, -1).map(({ lastEventId }) => lastEventId)).toEqual(
    FRAMES.map(({ id }) => `${id}-${EPOCH}`),
  );
  expect(JSON.parse(events.at(-1)?.data ?? '')).toEqual({ replayed: FRAMES.length });
}

test('A replay waits for its reader between parts, and buffers little for a reader that stalls', async () => {
  const ring = new Ring({ frames: 2_000, bytes: 100_000_000 }, 0);
  for (const frame of FRAMES) ring.push(frame);
  const { sink, take, read } = openIdleSink();
  const stream = replayAll({ sink, ring, query: async () => [] });
  let most = 0;
  await until(() => {
    most = Math.max(most, sink.unsent);
    take();
    return stream.state === 'live';
  });
  take();
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThan(100_000);
  expectWhole(read());
});

test('A replay holds no page for a slow reader, and reads few rows of the log twice for it', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  let rowsRead = 0;
  const query: Query = async <T>(sql: string, values: unknown[] = []) => {
    if (!sql.includes('FROM notification')) return [];
    const [, after] = values as [string, number];
    const rows = FRAMES.slice(after, after + Number(/LIMIT ([0-9]+)$/.exec(sql)?.[1])).map(({ id }) => ({
      ...{ id, event_id: id, scope: 'global', type: 'ANNOUNCEMENT', player_id: null },
      ...{ title: 'Title', message: 'x'.repeat(10_000), data: '{}', created_at: new Date() },
    }));
    rowsRead += rows.length;
    return rows as T[];
  };
  const { sink, take, read } = openIdleSink();
  const stream = replayAll({ sink, ring: new Ring({ frames: 1, bytes: 1 }, FRAMES.length), query });
  for (let turns = 0; stream.state === 'replaying' && turns < 1_000; turns++) {
    await vi.advanceTimersByTimeAsync(2_000);
    take();
  }
  await vi.advanceTimersByTimeAsync(0);
  take();
  expectWhole(read());
  // A part is seven frames; a whole page again for each would be 85,000 rows.
  expect(rowsRead).toBeLessThan(6_000);
});

test('Streams that missed the same frames share their bytes, whatever else they listen to', async () => {
  const ring = new Ring({ frames: 100, bytes: 1_000_000 }, 0);
  for (let id = 1; id <= 20; id++) ring.push(frameOf(id));
  ring.push(frameOf(21, { scope: scopes.player(9) }));
  const streams = createStreams({ hub: new Hub(21), ring });
  onTestFinished(() => streams.close());
  const [one, other, more] = await Promise.all(
    [7, 8, 9].map(async (player) => {
      const { sink, read } = createSink();
      const largest: { bytes?: Bytes } = {};
      const write: Sink['write'] = (bytes) => {
        if (bytes.plain.length > (largest.bytes?.plain.length ?? 0)) largest.bytes = bytes;
        sink.write(bytes);
      };
      const stream = openStream(
        streams,
        { ...sink, write },
        { requested: '0', scopes: ['global', scopes.player(player)] },
      );
      await until(() => stream.state === 'live');
      return { bytes: largest.bytes?.plain, events: read().events.length };
    }),
  );
  expect(one?.bytes?.length).toBeGreaterThan(1_000);
  expect(other?.bytes).toBe(one?.bytes);
  expect(more?.bytes).not.toBe(one?.bytes);
  expect([one, other, more].map((stream) => stream?.events)).toEqual([22, 22, 23]);
});

test('A term that begins while a page is read does not label the rows that were read before it', async () => {
  const first = { number: 1, word: EPOCH, firstId: 0 };
  let terms = new Terms([first]);
  const query: Query = async <T>(sql: string) => {
    if (!sql.includes('FROM notification')) return [];
    // Another node begins it from the row on that this read still returns.
    terms = new Terms([first, { number: 2, word: 'bbbb', firstId: 1 }]);
    const row = {
      ...{ id: 1, event_id: 1, scope: 'global', type: 'ANNOUNCEMENT', player_id: null, title: 'T' },
      ...{ message: 'M', data: '{}', created_at: new Date(), term: EPOCH, tag: 'tag' },
    };
    return [row] as T[];
  };
  const ring = new Ring({ frames: 1, bytes: 1 }, 1);
  const streams = createStreams({ hub: new Hub(1), ring, query, terms: () => terms });
  onTestFinished(() => streams.close());
  const { sink, read } = createSink();
  const stream = openStream(streams, sink, { requested: '0' });
  await until(() => stream.state === 'live');
  const announcements = read().events.filter(({ event }) => event === 'announcement');
  expect(announcements.map(({ lastEventId }) => lastEventId)).toEqual([`1-${EPOCH}`]);
});

/** A node whose replay reads a row of a term that it does not know. @param onRefresh what its next poll finds */
function replayOfUnknownTerm(onRefresh: (streams: Streams, learn: () => void) => void) {
  const first = { number: 1, word: EPOCH, firstId: 0 };
  let terms = new Terms([first]);
  const query: Query = async <T>(sql: string) =>
    (sql.includes('FROM notification')
      ? [
          {
            ...{ id: 1, event_id: 1, scope: 'global', type: 'ANNOUNCEMENT', player_id: null, title: 'T' },
            ...{ message: 'M', data: '{}', created_at: new Date(), term: 'bbbb', tag: 'tag' },
          },
        ]
      : []) as T[];
  const streams = createStreams({
    hub: new Hub(1),
    ring: new Ring({ frames: 1, bytes: 1 }, 1),
    query,
    terms: () => terms,
    refresh: async () =>
      onRefresh(streams, () => {
        terms = new Terms([first, { number: 2, word: 'bbbb', firstId: 1 }]);
      }),
  });
  onTestFinished(() => streams.close());
  const { sink, read } = createSink();
  const stream = openStream(streams, sink, { requested: '0' });
  return { stream, idsOf: () => read().events.map(({ event, lastEventId }) => `${event} ${lastEventId}`) };
}

test('A row of another log, which the node has not noticed yet, is not sent under the terms that are known', async () => {
  const { stream, idsOf } = replayOfUnknownTerm((streams) => void streams.closeWhere(() => true, 'reset'));
  await until(() => stream.state === 'closed');
  expect(idsOf()).toEqual([`stream-open 0-${EPOCH}`, `stream-close 0-${EPOCH}`]);
});

test('A row of a term that has just begun is sent once the node knows the term', async () => {
  const { stream, idsOf } = replayOfUnknownTerm((_, learn) => learn());
  await until(() => stream.state === 'live');
  expect(idsOf()).toEqual([`stream-open 0-${EPOCH}`, 'announcement 1-bbbb', 'caught-up 1-bbbb']);
});

test('A row whose term was deleted for its age is sent', async () => {
  const { stream, idsOf } = replayOfUnknownTerm(() => {});
  await until(() => stream.state === 'live');
  expect(idsOf()[1]).toBe('announcement 1-bbbb');
});

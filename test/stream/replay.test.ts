import { expect, test } from 'vitest';
import { Hub } from '../../src/channel/hub.ts';
import { Ring } from '../../src/channel/ring.ts';
import { Gate } from '../../src/stream/gate.ts';
import type { Sink } from '../../src/stream/sink.ts';
import { Streams } from '../../src/stream/streams.ts';
import { readEventStream } from '../support/event-stream.ts';
import { frameOf } from '../support/frames.ts';
import { until } from '../support/log.ts';

/** A response whose peer takes what was written only when it is told to. */
function openIdleSink() {
  let unsent: Buffer[] = [];
  let release = () => {};
  const taken: Buffer[] = [];
  const sink: Sink = {
    write: ({ plain }) => void unsent.push(plain),
    get unsent() {
      return unsent.reduce((sum, { length }) => sum + length, 0);
    },
    drained: () => (unsent.length === 0 ? Promise.resolve() : new Promise((resolve) => (release = resolve))),
    end: () => {},
    onClose: () => {},
  };
  const take = () => {
    taken.push(...unsent);
    unsent = [];
    release();
  };
  return { sink, take, read: () => readEventStream(Buffer.concat(taken)).events };
}

test('A replay waits for its reader again and again, and holds little for one who does not read', async () => {
  const frames = Array.from({ length: 1_200 }, (_, i) => frameOf(i + 1, { message: 'x'.repeat(10_000) }));
  const ring = new Ring({ frames: 2_000, bytes: 100_000_000 }, 0);
  for (const frame of frames) ring.push(frame);
  const hub = new Hub(frames.length);
  const streams = new Streams({
    hub,
    ring,
    query: async () => [],
    gate: new Gate(1),
    epoch: () => 'k7f2',
    limits: {
      heartbeatMs: 60_000,
      retryMs: 1_000,
      maxAgeMs: 3_600_000,
      maxUnsentBytes: 1_000_000,
      maxStreams: 10,
      maxStreamsPerPlayer: 10,
    },
  });
  const { sink, take, read } = openIdleSink();
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
      plan: { from: 0, recovered: true },
      expiresAt: new Date(Date.now() + 60_000),
    },
    sink,
  );
  let most = 0;
  await until(() => {
    most = Math.max(most, sink.unsent);
    take();
    return stream.state === 'live';
  });
  take();
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThan(100_000);
  const events = read();
  expect(events.map(({ event }) => event)).toEqual([
    'stream-open',
    ...frames.map(() => 'announcement'),
    'caught-up',
  ]);
  expect(events.slice(1, -1).map(({ lastEventId }) => lastEventId)).toEqual(
    frames.map(({ id }) => `${id}-k7f2`),
  );
  expect(JSON.parse(events.at(-1)?.data ?? '')).toEqual({ replayed: frames.length });
  streams.close();
});

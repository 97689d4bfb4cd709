import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Hub } from '../../src/channel/hub.ts';
import { Ring } from '../../src/channel/ring.ts';
import { Streams } from '../../src/stream/streams.ts';
import { Semaphore } from '../../src/util/semaphore.ts';
import { readEventStream } from '../support/event-stream.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('A stream keeps its heartbeats when the system clock is set back', async () => {
  const streams = new Streams({
    hub: new Hub(0),
    ring: new Ring({ frames: 10, bytes: 10_000 }, 0),
    query: async () => [],
    semaphore: new Semaphore(1),
    epoch: () => 'k7f2',
    limits: {
      heartbeatMs: 5_000,
      retryMs: 1_000,
      maxAgeMs: 3_600_000,
      maxUnsentBytes: 1_000_000,
      maxStallMs: 30_000,
      maxStreams: 10,
      maxStreamsPerPlayer: 10,
    },
  });
  streams.start();
  const written: Buffer[] = [];
  streams.open(
    {
      owner: {
        userId: 1,
        playerId: undefined,
        role: 'PLAYER',
        issuedAt: new Date(),
        ticketId: undefined,
        address: undefined,
        userAgent: undefined,
      },
      scopes: ['global'],
      filter: undefined,
      requested: undefined,
      plan: { from: 0, recovered: true },
      expiresAt: new Date(Date.now() + 3_600_000),
    },
    {
      write: ({ plain }) => void written.push(plain),
      unsent: 0,
      taken: 0,
      drained: async () => {},
      end: () => {},
      onClose: () => {},
    },
  );
  const beats = () => readEventStream(Buffer.concat(written)).comments.length;
  await vi.advanceTimersByTimeAsync(10_000);
  const before = beats();
  expect(before).toBeGreaterThan(0);
  vi.setSystemTime(Date.now() - 600_000);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(beats()).toBeGreaterThanOrEqual(before + 3);
  streams.close();
});

import { expect, test } from 'vitest';
import { Hub } from '../../src/channel/hub.ts';
import { Ring } from '../../src/channel/ring.ts';
import { Streams } from '../../src/stream/streams.ts';
import { Semaphore } from '../../src/util/semaphore.ts';

test('Streams that are closed over a period end one after the other, in random order', async () => {
  const streams = new Streams({
    hub: new Hub(0),
    ring: new Ring({ frames: 10, bytes: 10_000 }, 0),
    query: async () => [],
    semaphore: new Semaphore(1),
    epoch: () => 'k7f2',
    limits: {
      heartbeatMs: 60_000,
      retryMs: 1_000,
      maxAgeMs: 3_600_000,
      maxUnsentBytes: 1_000_000,
      maxStallMs: 30_000,
      maxStreams: 1_000,
      maxStreamsPerPlayer: 1_000,
    },
  });
  const ended: number[] = [];
  for (let index = 0; index < 200; index++)
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
        write: () => {},
        unsent: 0,
        taken: 0,
        drained: async () => {},
        end: () => void ended.push(index),
        onClose: () => {},
      },
    );
  const startedAt = performance.now();
  const closed = streams.closeOver(400);
  expect(() => streams.admit()).toThrow();
  // The first share is closed at once, and no more than that.
  expect(ended.length).toBeGreaterThan(0);
  expect(ended.length).toBeLessThan(50);
  await closed;
  expect(performance.now() - startedAt).toBeGreaterThan(300);
  expect(ended.toSorted((one, other) => one - other)).toEqual(
    Array.from({ length: 200 }, (_, index) => index),
  );
  expect(ended).not.toEqual(ended.toSorted((one, other) => one - other));
  expect(streams.size).toBe(0);
});

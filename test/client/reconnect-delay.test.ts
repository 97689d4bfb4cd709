import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reconnectDelay } from '../../src/client/reconnect-delay.ts';

const BOUNDS = { firstMs: 1_000, mostMs: 30_000 };
const lost = { reason: undefined, askedMs: undefined };

describe('The wait after a loss', () => {
  it('is anything up to a bound that doubles, and stops doubling', () => {
    const most = [1, 2, 3, 4, 5, 6, 7, 50].map((failures) =>
      reconnectDelay({ ...lost, failures }, BOUNDS, () => 1),
    );
    expect(most).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
    expect(reconnectDelay({ ...lost, failures: 50 }, BOUNDS, () => 0)).toBe(0);
  });

  it('is never shorter than the service asks for, however lucky', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 0, max: 100_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (failures, askedMs, luck) => {
          const loss = { failures, reason: 'shutdown', askedMs } as const;
          const wait = reconnectDelay(loss, BOUNDS, () => luck);
          expect(wait).toBeGreaterThanOrEqual(askedMs);
          expect(wait).toBeLessThanOrEqual(Math.max(askedMs, BOUNDS.mostMs));
        },
      ),
    );
  });

  it('is at most half an hour, whatever is asked for: timers do not wait for more than 2^31 ms', () => {
    const wait = reconnectDelay({ failures: 1, reason: 'shutdown', askedMs: 1e12 }, BOUNDS, () => 1);
    expect(wait).toBe(1_800_000);
  });

  it('is short after an end that concerns this stream alone, the first time', () => {
    for (const reason of ['expired', 'replaced', 'rotated', 'slow'] as const) {
      expect(reconnectDelay({ failures: 1, reason, askedMs: 4_000 }, BOUNDS, () => 0.5)).toBe(500);
      expect(reconnectDelay({ failures: 2, reason, askedMs: 4_000 }, BOUNDS, () => 0.5)).toBe(4_000);
    }
  });
});

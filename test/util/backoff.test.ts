import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffDelay } from '../../src/util/backoff.ts';

const BOUNDS = { minMs: 50, maxMs: 1_000 };

describe('The delay after failures in a row', () => {
  it('doubles from the smallest bound to the largest, and stays there however many follow', () => {
    const delays = [1, 2, 3, 4, 5, 6, 7, 5_000].map((failures) =>
      backoffDelay(failures, BOUNDS, { random: () => 1 }),
    );
    expect(delays).toEqual([50, 100, 200, 400, 800, 1_000, 1_000, 1_000]);
  });

  it('is anything from nothing up to its bound by default', () => {
    expect(backoffDelay(3, BOUNDS, { random: () => 0 })).toBe(0);
    expect(backoffDelay(3, BOUNDS, { random: () => 0.5 })).toBe(100);
    const delays = Array.from({ length: 100 }, () => backoffDelay(3, BOUNDS));
    expect(new Set(delays).size).toBeGreaterThan(50);
    expect(Math.max(...delays)).toBeLessThanOrEqual(200);
  });

  it('has no more than the given share of it at random', () => {
    const chance = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), chance, chance, (failures, share, luck) => {
        const bound = Math.min(1_000, 50 * 2 ** (failures - 1));
        const delay = backoffDelay(failures, BOUNDS, { share, random: () => luck });
        expect(delay).toBeGreaterThanOrEqual(bound * (1 - share) - 1e-6);
        expect(delay).toBeLessThanOrEqual(bound + 1e-6);
      }),
    );
    expect(backoffDelay(2, BOUNDS, { share: 0 })).toBe(100);
  });
});

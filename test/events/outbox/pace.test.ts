import { expect, it } from 'vitest';
import { RelayPace } from '../../../src/events/outbox/pace.ts';

it('polls every few milliseconds while there is something, and gently less often when not', () => {
  const pace = new RelayPace();
  expect(pace.next(true, 1)).toBeLessThanOrEqual(10);
  const rests = Array.from({ length: 60 }, () => pace.next(false, 0.3));
  expect(rests.slice(0, 5).every((ms) => ms <= 10)).toBe(true);
  for (const [index, ms] of rests.entries()) expect(ms).toBeGreaterThanOrEqual(rests[index - 1] ?? 0);
  expect(rests.at(-1)).toBe(100);
  expect(pace.next(true, 1)).toBeLessThanOrEqual(10);
});

it('leaves a database alone that answers slowly', () => {
  expect(new RelayPace().next(false, 200)).toBe(800);
});

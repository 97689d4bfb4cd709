import { expect, test } from 'vitest';
import { TimingWheel } from '../../src/stream/timing-wheel.ts';

test('Items are returned with the tick nearest to their time, each once', () => {
  const wheel = new TimingWheel<string>(1_000, 500);
  wheel.add('overdue', 0);
  wheel.add('soon', 1_700);
  wheel.add('early', 2_900);
  wheel.add('late', 3_100);
  expect(wheel.tick(1_500)).toEqual(['overdue', 'soon']);
  expect(wheel.tick(2_500)).toEqual(['early']);
  expect(wheel.tick(3_501)).toEqual(['late']);
  expect(wheel.tick(4_500)).toEqual([]);
});

test('What was deleted is not due any more', () => {
  const wheel = new TimingWheel<string>(1_000, 0);
  const tick = wheel.add('one', 2_000);
  wheel.add('two', 2_000);
  wheel.delete('one', tick);
  wheel.delete('one', tick);
  expect(wheel.tick(1_000)).toEqual([]);
  expect(wheel.tick(2_000)).toEqual(['two']);
});

test('A tick that is late returns all that is due, and what is added then is due in time', () => {
  const wheel = new TimingWheel<number>(1_000, 0);
  for (const at of [2_000, 5_000, 9_000, 30_000]) wheel.add(at, at);
  expect(wheel.tick(10_200)).toEqual([2_000, 5_000, 9_000]);
  wheel.add(12_200, 12_200);
  expect(wheel.tick(11_200)).toEqual([]);
  expect(wheel.tick(12_200)).toEqual([12_200]);
  // Timers are early by less than a tick, and never by a whole one.
  expect(wheel.tick(12_900)).toEqual([]);
  expect(wheel.tick(30_200)).toEqual([30_000]);
});

import { expect, it } from 'vitest';
import { Queue } from '../../src/channel/queue.ts';

it('A long-used queue takes memory only for what it holds', () => {
  const queue = new Queue<{ readonly id: number }>();
  for (let id = 1; id <= 100; id++) queue.push({ id });
  for (let id = 101; id <= 10_000; id++) {
    queue.push({ id });
    expect(queue.shift()).toEqual({ id: id - 100 });
    expect(queue.slots).toBeLessThanOrEqual(2 * queue.size + 65);
  }
  expect(queue.size).toBe(100);
  expect(queue.above(9_998)).toEqual([{ id: 9_999 }, { id: 10_000 }]);
});

import { expect, test, vi } from 'vitest';

test.concurrent.each([
  ['vi.waitFor', (holds: () => boolean) => vi.waitFor(() => expect(holds()).toBe(true))],
  ['vi.waitUntil', (holds: () => boolean) => vi.waitUntil(holds)],
  ['expect.poll', (holds: () => boolean) => expect.poll(holds).toBe(true)],
])('%s waits for longer than the runner’s second', async (_, wait) => {
  let polls = 0;
  await wait(() => ++polls > 30);
});

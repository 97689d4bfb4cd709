import { afterEach, describe, expect, it, vi } from 'vitest';
import { Batched } from '../../src/util/batched.ts';

/** Runs that end on command, in the order of their beginning. */
function manual(bounds: { maxItems: number; maxRuns: number; spacingMs?: number }) {
  const runs: { items: readonly number[]; end: () => void; fail: (error: Error) => void }[] = [];
  const batched = new Batched<number, string>(
    (items) =>
      new Promise((resolve, reject) =>
        runs.push({ items: [...items], end: () => resolve(items.join()), fail: reject }),
      ),
    bounds,
  );
  const turn = () => new Promise(setImmediate);
  return { batched, runs, turn };
}

describe('Batched reads', () => {
  it('read what came in one turn of the event loop together, and what comes later by a later run', async () => {
    const { batched, runs, turn } = manual({ maxItems: 10, maxRuns: 1 });
    const first = [batched.add([1]), batched.add([2, 3])];
    await turn();
    const later = batched.add([4]);
    await turn();
    expect(runs.map(({ items }) => items)).toEqual([[1, 2, 3]]);
    runs[0]?.end();
    expect(await Promise.all(first)).toEqual(['1,2,3', '1,2,3']);
    await turn();
    runs[1]?.end();
    expect(await later).toBe('4');
  });

  it('are bounded in size and in number', async () => {
    const { batched, runs, turn } = manual({ maxItems: 2, maxRuns: 2 });
    const added = [1, 2, 3, 4, 5].map((item) => batched.add([item]));
    const large = batched.add([6, 7, 8]);
    await turn();
    expect(runs.map(({ items }) => items)).toEqual([
      [1, 2],
      [3, 4],
    ]);
    for (let at = 0; at < 4; at++) {
      runs[at]?.end();
      await turn();
    }
    expect(await Promise.all([...added, large])).toEqual(['1,2', '1,2', '3,4', '3,4', '5', '6,7,8']);
  });

  it('that fail fail their own callers alone', async () => {
    const { batched, runs, turn } = manual({ maxItems: 2, maxRuns: 1 });
    const failed = [batched.add([1]), batched.add([2])].map((one) => expect(one).rejects.toThrow('away'));
    const next = batched.add([3]);
    await turn();
    runs[0]?.fail(new Error('away'));
    await Promise.all(failed);
    await turn();
    runs[1]?.end();
    expect(await next).toBe('3');
  });
});

describe('Batched reads with a spacing', () => {
  afterEach(() => void vi.useRealTimers());

  /** Runs that end at once, spaced by 10 ms of a faked clock. */
  function spaced(maxItems: number) {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const runs: (readonly number[])[] = [];
    const run = async (items: readonly number[]) => void runs.push([...items]);
    const batched = new Batched<number, void>(run, { maxItems, maxRuns: 2, spacingMs: 10 });
    const pass = async (ms: number) => {
      await vi.advanceTimersByTimeAsync(ms);
      await new Promise(setImmediate);
    };
    return { batched, runs, pass };
  }

  it('begin at once after a pause, and together with what comes until then in a rush', async () => {
    const { batched, runs, pass } = spaced(10);
    for (const item of [1, 2, 3, 4]) {
      void batched.add([item]);
      await pass(4);
    }
    expect(runs).toEqual([[1], [2, 3]]);
    await pass(10);
    expect(runs).toEqual([[1], [2, 3], [4]]);
    await pass(50);
    void batched.add([5]);
    await pass(0);
    expect(runs.at(-1)).toEqual([5]);
  });

  it('do not wait once they are full', async () => {
    const { batched, runs, pass } = spaced(2);
    void batched.add([1]);
    await pass(1);
    for (const item of [2, 3, 4]) void batched.add([item]);
    await pass(0);
    expect(runs).toEqual([[1], [2, 3]]);
    await pass(10);
    expect(runs).toEqual([[1], [2, 3], [4]]);
  });
});

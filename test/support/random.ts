import { onTestFailed } from 'vitest';

/**
 * Random numbers of one test, 0 ≤ x < 1. When the test fails it names their seed; `TEST_SEED` gives a run the same numbers,
 * and fast-check its seed (`test/setup.ts`).
 */
export function seededRandom(): () => number {
  const seed = Number(process.env.TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
  onTestFailed(() => console.error(`Random numbers of this test: TEST_SEED=${seed}`));
  return randomFrom(seed);
}

/** Random integers of one test, from 0 to below the argument, of `seededRandom`. */
export function seededIntegers(): (below: number) => number {
  const random = seededRandom();
  return (below) => Math.floor(random() * below);
}

/** Random numbers 0 ≤ x < 1 that follow from `seed` (xorshift). */
export function randomFrom(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

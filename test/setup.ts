import { vi } from 'vitest';
import { WAIT_MS } from './support/until.ts';

/** Repeats a failed property: fast-check reports its seed. */
const seed = process.env.TEST_SEED;
if (seed !== undefined) (await import('fast-check')).default.configureGlobal({ seed: Number(seed) });

/** Gives `vi.waitFor` and `vi.waitUntil` the limit that the configuration gives `expect.poll`; the runner's own is 1 s. */
const { waitFor, waitUntil } = vi;

vi.waitFor = (callback, options) => waitFor(callback, limited(options));
vi.waitUntil = (callback, options) => waitUntil(callback, limited(options));

function limited<O extends { readonly timeout?: number }>(options: number | O = {} as O): O {
  return { timeout: WAIT_MS, ...(typeof options === 'number' ? { timeout: options } : options) } as O;
}

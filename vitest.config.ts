import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';
import { WAIT_MS } from './test/support/until.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // The package by its own name, as the examples import it.
    alias: [
      { find: /^codecraft-live\/(\w+)$/, replacement: resolve(import.meta.dirname, 'src/$1/index.ts') },
    ],
    globalSetup: 'test/global-setup.ts',
    setupFiles: ['test/setup.ts'],
    expect: { poll: { timeout: WAIT_MS } },
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    reporters: ['default'],
  },
});

import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // The package by its own name, as the examples import it.
    alias: [
      { find: /^codecraft-live\/(\w+)$/, replacement: resolve(import.meta.dirname, 'src/$1/index.ts') },
    ],
    globalSetup: 'test/global-setup.ts',
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    reporters: ['default'],
  },
});

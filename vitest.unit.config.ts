import { defineConfig } from 'vitest/config';
import { unitTests } from './test/unit/unit-tests.ts';
import base from './vitest.config.ts';

const { globalSetup: _database, ...test } = base.test ?? {};

/**
 * The tests without a database, a browser, a process or a socket. They share the modules that they load: to load them once for each
 * file takes half of the time.
 */
export default defineConfig({
  test: {
    ...test,
    include: unitTests(),
    setupFiles: ['test/setup.ts', 'test/unit/setup.ts'],
    isolate: false,
  },
});

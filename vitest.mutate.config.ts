import { defineConfig } from 'vitest/config';
import unit from './vitest.unit.config.ts';

/** For `npm run mutate`, which names the tests. */
export default defineConfig({
  test: {
    ...unit.test,
    include: (process.env.MUTATE_TESTS ?? '').split(','),
    setupFiles: [...(unit.test?.setupFiles ?? []), 'test/unit/seed.ts'],
  },
});

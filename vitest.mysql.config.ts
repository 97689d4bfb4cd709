import { defineConfig } from 'vitest/config';
import base from './vitest.config.ts';

/** The suites whose promises rest on what the database does; they run on MySQL too. */
const DATABASE_SUITES = [
  'test/db/**/*.test.ts',
  'test/platform/**/*.test.ts',
  'test/migrate/**/*.test.ts',
  'test/auth/**/*.test.ts',
  'test/log/**/*.test.ts',
  'test/session/**/*.test.ts',
  'test/stream/**/*.test.ts',
  'test/inbox/**/*.test.ts',
  'test/contest/**/*.test.ts',
  'test/leaderboard/**/*.test.ts',
  'test/events/**/*.test.ts',
  'test/examples/sql.test.ts',
  'test/service/announcements.test.ts',
  'test/service/few-rights.test.ts',
  'test/service/platform-events.test.ts',
  'test/service/statement-plans.test.ts',
  'test/service/warnings.test.ts',
  'test/service/withdrawn-rights.test.ts',
];

export default defineConfig({
  test: {
    ...base.test,
    include: DATABASE_SUITES,
    exclude: ['test/db/embedded.test.ts'],
    globalSetup: 'test/global-setup.mysql.ts',
  },
});

import { expect, onTestFinished, test } from 'vitest';
import { TRIGGERS } from '../../src/platform/triggers/all.ts';
import { createTestDatabase } from '../support/database/database.ts';
import { environment } from '../support/service.ts';
import { run } from './command.ts';

test('triggers are installed, listed and dropped, and each command reports what it did', async () => {
  const { url, database, drop } = await createTestDatabase();
  onTestFinished(drop);
  const env = environment(url, { PORT: '9' });
  const platform = (command: string) => run(['platform', command], { env });
  const doctor = async () => (await run(['doctor'], { env })).out;

  expect(await platform('status')).toMatchObject({
    code: 1,
    out: expect.stringMatching(/missing +update of player +LEVEL_UP, TIER_UPGRADE/),
  });
  expect(await doctor()).toContain("i The platform's tables have no triggers");

  const first = await platform('install');
  expect(first).toMatchObject({ code: 0, err: '' });
  expect(first.out).toMatch(
    new RegExp(`^\\w+ on (MariaDB|MySQL) [\\d.]+: ${TRIGGERS.length} triggers installed\\.\\n`),
  );
  expect(first.out).toContain('insert of contest_participant: CONTEST_JOINED, STANDINGS_TOUCHED');
  expect((await platform('install')).out).toContain('there was nothing to do');

  const status = await run(['platform', 'status', '--url', url]);
  expect(status.code).toBe(0);
  expect(status.out).not.toContain('missing');
  expect(status.out).toMatch(/They run with the rights of \S+@\S+: keep that account/);
  expect(await doctor()).toMatch(
    new RegExp(`✓ ${TRIGGERS.length} triggers publish the platform's writes, with the rights of \\S+@`),
  );

  // The triggers themselves are silent about what they lack.
  await database.execute('ALTER TABLE announcement RENAME COLUMN target_role TO for_role');
  expect(await doctor()).toContain(
    '✗ The triggers do not publish everything: announcement lacks target_role.',
  );
  await database.execute('ALTER TABLE announcement RENAME COLUMN for_role TO target_role');

  const [trigger] = await database.query<{ name: string }>(
    "SELECT TRIGGER_NAME AS name FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE() AND TRIGGER_NAME LIKE 'live_player_advanced%'",
  );
  await database.execute(`DROP TRIGGER ${trigger?.name}`);
  expect(await doctor()).toContain("✗ On the platform's tables: 1 trigger missing.");
  await database.execute(
    'CREATE TRIGGER live_player_advanced_0badcafe AFTER UPDATE ON player FOR EACH ROW SET @before = 1',
  );
  expect((await platform('status')).out).toMatch(/outdated +update of player/);
  expect(await doctor()).toContain('1 trigger of another version');

  const last = await platform('uninstall');
  expect(last).toMatchObject({
    code: 0,
    out: expect.stringContaining(`: ${TRIGGERS.length} triggers dropped.`),
  });
  expect((await platform('uninstall')).out).toContain('there was nothing to do');
});

test('a failed installation reports the reason', async () => {
  const { url, drop } = await createTestDatabase({ migrated: false });
  onTestFinished(drop);
  const { code, err } = await run(['platform', 'install', '--url', url]);
  expect(code).toBe(1);
  expect(err).toBe(
    'error: This database has no event_outbox yet: run `codecraft-live migrate` first. Nothing was changed.\n',
  );
  expect((await run(['platform', 'install', '--url', 'http://x/y'])).code).toBe(2);
});

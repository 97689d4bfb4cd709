import { expect, onTestFinished, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { environment } from '../support/service.ts';
import { run } from './command.ts';

test('an empty database is migrated once, and each time it is said what was done', async () => {
  const { url, database, drop } = await createTestDatabase({ migrated: false });
  onTestFinished(drop);
  const first = await run(['migrate', '--url', url]);
  expect(first.code).toBe(0);
  expect(first.out).toMatch(
    /^\w+ on (MariaDB|MySQL) [\d.]+ is up to date now: \d+ migrations applied and 9 tables/,
  );
  expect(first.err).toContain('applied 0000_');
  expect(await database.query('SELECT head FROM log_head')).toEqual([{ head: 0 }]);
  const second = await run(['migrate'], { env: environment(url) });
  expect(second).toMatchObject({ code: 0, err: '', out: expect.stringContaining('there was nothing to do') });
});

test('a database that cannot be migrated is told in a sentence, without its password', async () => {
  const { url, database, drop } = await createTestDatabase({ migrated: false });
  onTestFinished(drop);
  await database.execute('CREATE TABLE users (id INT PRIMARY KEY)');
  const { code, err } = await run(['migrate', '--url', url]);
  expect(code).toBe(1);
  expect(err).toMatch(/^error: This database has tables with the names of the platform's.*users lacks/);

  const away = await run(['migrate', '--url', 'mysql://root:geheim@127.0.0.1:9/x']);
  expect(away).toEqual({
    code: 1,
    out: '',
    err: 'error: The database cannot be reached: nothing listens there.\n',
  });
});

test('what is no address of a database is refused', async () => {
  for (const url of ['geheim', 'http://root:geheim@db/x', 'mysql://root:geheim@db']) {
    const { code, err } = await run(['migrate', '--url', url]);
    expect(code).toBe(2);
    expect(err).toContain('database URL');
    expect(err).not.toContain('geheim');
  }
});

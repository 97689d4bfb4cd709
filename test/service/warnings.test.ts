import { describe, expect, it, onTestFinished } from 'vitest';
import { openDatabase } from '../../src/db/database.ts';
import { checkSchemaAndTriggers } from '../../src/migrate/check.ts';
import { TRIGGERS } from '../../src/platform/triggers/all.ts';
import { installTriggers } from '../../src/platform/triggers/install.ts';
import { Warnings } from '../../src/service/warnings.ts';
import { run } from '../cli/command.ts';
import { createAccount, type TestAccount } from '../support/database/account.ts';
import { createTestDatabase, onServer, type TestDatabase } from '../support/database/database.ts';
import { createPlayer } from '../support/database/platform.ts';
import { environment, startServiceOn } from '../support/service.ts';

/** A migrated database, and an account with these rights on it. */
async function withAccount(rights: string): Promise<TestAccount & { readonly made: TestDatabase }> {
  const made = await createTestDatabase();
  onTestFinished(() => made.drop());
  const account = await createAccount(made, rights);
  onTestFinished(() => account.drop().then(() => {}));
  return { made, ...account };
}

const log = () => {
  const lines: string[] = [];
  return {
    lines,
    warn: (line: string) => void lines.push(`warn ${line}`),
    info: (line: string) => void lines.push(`info ${line}`),
  };
};

describe('Warnings of the database', () => {
  it('are logged once per change, and stay while the database is away', async () => {
    const made = await createTestDatabase();
    onTestFinished(() => made.drop());
    const { lines, ...logger } = log();
    let away = false;
    const warnings = new Warnings(
      {
        query: (sql, values) => (away ? Promise.reject(new Error('away')) : made.database.query(sql, values)),
      },
      logger as never,
      { jumpMs: 0 },
    );
    await warnings.check();
    const first = lines.length;
    await made.database.execute('DROP PROCEDURE live_publish');
    await warnings.check();
    await warnings.check();
    expect(lines.slice(first)).toEqual([expect.stringMatching(/^warn live_publish is missing/)]);
    away = true;
    await expect(warnings.check()).rejects.toThrow('away');
    expect(warnings.lines).toContainEqual(expect.stringMatching(/^live_publish is missing/));
    away = false;
    expect((await run(['migrate', '--url', made.url])).out).toMatch(/live_publish created again/);
    await warnings.check();
    expect(lines.slice(first + 1)).toEqual([
      expect.stringMatching(/^info no longer: live_publish is missing/),
    ]);
  });

  it('are in /ready and in the metrics, without making the node unready', async () => {
    const made = await createTestDatabase();
    await made.database.execute('ALTER TABLE notification ENGINE = MyISAM');
    const live = await startServiceOn(made);
    onTestFinished(() => live.close());
    const answer = await fetch(`${live.url}/ready`);
    expect(await answer.json()).toMatchObject({
      warnings: expect.arrayContaining([expect.stringMatching(/^The table notification is MyISAM/)]),
    });
    const metrics = await (await fetch(`${live.url}/metrics`)).text();
    expect(Number(/^live_warnings (\d+)$/m.exec(metrics)?.[1])).toBeGreaterThan(0);
  });

  it('name the rights that a SELECT-only account lacks', async () => {
    const { url } = await withAccount('SELECT');
    const account = openDatabase({ url });
    onTestFinished(() => account.close());
    expect(await checkSchemaAndTriggers(account)).toEqual([
      'This account lacks INSERT, UPDATE, DELETE on the tables of the service: grant it.',
    ]);
    expect((await run(['doctor'], { env: environment(url, { PORT: '9' }) })).out).toContain(
      '✗ This account lacks INSERT, UPDATE, DELETE on the tables of the service',
    );
  });
});

describe('Triggers whose account was dropped', () => {
  it('are seen by status, doctor, the warnings and migrate, and replaced by install', async () => {
    const { made, user, url } = await withAccount('ALL');
    const installer = openDatabase({ url });
    await installTriggers(installer);
    await installer.close();
    const status = () => run(['platform', 'status', '--url', made.url]);
    expect((await status()).code).toBe(0);
    const { playerId } = await createPlayer(made.database);
    await onServer((connection) => connection.query(`DROP USER '${user}'@'%'`));
    const write = () => made.database.execute('UPDATE player SET xp = xp + 1 WHERE id = ?', [playerId]);
    await expect(write()).rejects.toMatchObject({ errno: 1449 });

    const { code, out } = await status();
    expect(code).toBe(1);
    expect(out).toMatch(/orphaned +update of player/);
    expect(out).toContain(`${user}@% does not exist`);
    const sentence = /does not exist, so the platform's own writes to .*player.* fail \(error 1449\)/;
    expect((await run(['doctor'], { env: environment(made.url, { PORT: '9' }) })).out).toMatch(sentence);
    expect(await checkSchemaAndTriggers(made.database)).toEqual([expect.stringMatching(sentence)]);
    expect(await run(['migrate', '--url', made.url])).toMatchObject({
      code: 1,
      out: expect.stringMatching(sentence),
    });

    expect((await run(['platform', 'install', '--url', made.url])).code).toBe(0);
    await write();
    expect((await status()).code).toBe(0);
    expect(await checkSchemaAndTriggers(made.database)).toEqual([]);
  });
});

describe('Triggers of a table that was replaced by a copy', () => {
  it('are missed by the checks, and installed again', async () => {
    const made = await createTestDatabase();
    onTestFinished(() => made.drop());
    await installTriggers(made.database);
    await made.database.execute('CREATE TABLE announcement_gho LIKE announcement');
    await made.database.execute(
      'RENAME TABLE announcement TO announcement_old, announcement_gho TO announcement',
    );
    await made.database.execute('DROP TABLE announcement_old');
    const lost = TRIGGERS.filter(({ table }) => table === 'announcement');
    expect(await checkSchemaAndTriggers(made.database)).toEqual([
      expect.stringContaining(`On the platform's tables: ${lost.length} triggers missing.`),
    ]);
    expect((await run(['platform', 'install', '--url', made.url])).code).toBe(0);
    expect(await checkSchemaAndTriggers(made.database)).toEqual([]);
  });
});

describe('Triggers of an earlier version', () => {
  it('are named by /ready, doctor and migrate with what to do, until they are installed again', async () => {
    const made = await createTestDatabase();
    await installTriggers(made.database);
    for (const { piece, table, event } of TRIGGERS.filter(({ piece }) => piece.startsWith('announcement_'))) {
      const [{ name } = { name: '' }] = await made.database.query<{ name: string }>(
        'SELECT TRIGGER_NAME AS name FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE() AND TRIGGER_NAME LIKE ?',
        [`live_${piece}_%`],
      );
      await made.database.execute(`DROP TRIGGER ${name}`);
      // The earlier version lacked one of them.
      if (event === 'DELETE') continue;
      await made.database.execute(
        `CREATE TRIGGER live_${piece}_0badcafe AFTER ${event} ON ${table} FOR EACH ROW SET @before = 1`,
      );
    }
    const sentence =
      "On the platform's tables: 2 triggers of another version, and 1 trigger of this version is missing. Events that only this version's triggers report are not published. Run `codecraft-live platform install`, as after each upgrade.";
    const live = await startServiceOn(made);
    onTestFinished(() => live.close());
    const ready = await fetch(`${live.url}/ready`);
    expect(await ready.json()).toMatchObject({ ready: true, warnings: [sentence] });
    expect((await run(['doctor'], { env: environment(made.url, { PORT: '9' }) })).out).toContain(sentence);
    expect(await run(['migrate', '--url', made.url])).toMatchObject({
      code: 1,
      out: expect.stringContaining(sentence),
    });
    expect((await run(['platform', 'install', '--url', made.url])).code).toBe(0);
    expect(await checkSchemaAndTriggers(made.database)).toEqual([]);
  });
});

describe('platform status of an account with few rights', () => {
  it('reports that it cannot see, with an exit code of its own', async () => {
    const { made, url } = await withAccount('SELECT');
    await installTriggers(made.database);
    const { code, out } = await run(['platform', 'status', '--url', url]);
    expect(code).toBe(4);
    expect(out).toMatch(/cannot see +update of player/);
    expect(out).not.toContain('missing');
    expect((await run(['doctor'], { env: environment(url, { PORT: '9' }) })).out).not.toContain(
      'trigger missing',
    );
  });

  it('cannot see whether the account that the triggers run as exists', async () => {
    const { made, url } = await withAccount('SELECT, TRIGGER');
    await installTriggers(made.database);
    expect(await run(['platform', 'status', '--url', url])).toMatchObject({
      code: 4,
      out: expect.stringMatching(/cannot see whether \S+@\S+ still exists/),
    });
  });

  it('still says missing of what it may see', async () => {
    const { url } = await withAccount('SELECT, TRIGGER');
    expect(await run(['platform', 'status', '--url', url])).toMatchObject({
      code: 1,
      out: expect.stringMatching(/missing +update of player/),
    });
  });
});

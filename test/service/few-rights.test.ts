import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { installTriggers } from '../../src/platform/triggers/install.ts';
import { run } from '../cli/command.ts';
import { createAccount, type TestAccount } from '../support/database/account.ts';
import { createTestDatabase, type TestDatabase } from '../support/database/database.ts';
import { createContest, createPlayer, joinContest } from '../support/database/platform.ts';
import { environment, startServiceOn } from '../support/service.ts';
import { until } from '../support/until.ts';
import { listen } from '../support/wire/listener.ts';

const TO_START = 'SELECT, INSERT, UPDATE, DELETE';

describe('An account that may only read and write rows', () => {
  let made: TestDatabase;
  let account: TestAccount;

  beforeEach(async () => {
    made = await createTestDatabase({ migrated: false });
    account = await createAccount(made, TO_START);
  });

  afterEach(() => account.drop());

  const command = (...args: string[]) => run(args, { env: environment(account.url, { PORT: '9' }) });

  it('is enough for a service whose schema is up to date, with everything that it does', async () => {
    expect((await run(['migrate'], { env: environment(made.url) })).code).toBe(0);
    await installTriggers(made.database);
    const ada = await createPlayer(made.database);
    const contestId = await createContest(made.database);
    const live = await startServiceOn(made, { STANDINGS_CHECK_MS: '50' }, account.url);
    onTestFinished(() => live.close());
    const listener = listen(
      `${live.url}/streams?scope=contest:${contestId}&scope=contest:${contestId}:leaderboard`,
      await live.token(ada.userId),
    );
    onTestFinished(() => listener.close());
    const received: string[] = [];
    for (const name of ['contest-joined', 'leaderboard-update'])
      listener.source.addEventListener(name, () => received.push(name));
    await listener.ready();
    await joinContest(made.database, { contestId, playerId: ada.playerId, finalRating: 7 });
    await until(() => new Set(received).size === 2);

    expect(await command('migrate')).toMatchObject({
      code: 0,
      out: expect.stringContaining('is up to date: there was nothing to do.'),
    });
    // MariaDB shows the triggers, but not whose they are; MySQL shows none.
    const { out } = await command('doctor');
    expect(out).toMatch(
      /with the rights of an account that this one may not see|cannot see whether the platform.s tables have triggers/,
    );
  });

  it('is not enough to migrate, and the server reports what is missing', async () => {
    onTestFinished(() => made.drop());
    const { code, err } = await command('migrate');
    expect(code).toBe(1);
    expect(err).toMatch(
      /^error: The database user lacks a right: CREATE command denied to user '\w+'@.*live_migration.*\.\n$/,
    );
  });
});

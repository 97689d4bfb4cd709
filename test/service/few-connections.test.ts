import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createAccount, type TestAccount } from '../support/database/account.ts';
import { createTestDatabase, onServer, type TestDatabase } from '../support/database/database.ts';
import { publishSql } from '../support/database/outbox.ts';
import { createPlayer } from '../support/database/platform.ts';
import { note, startServiceOn } from '../support/service.ts';
import { listen } from '../support/wire/listener.ts';

describe('An account that may hold few connections', () => {
  let made: TestDatabase;
  let account: TestAccount;

  beforeEach(async () => {
    made = await createTestDatabase();
    account = await createAccount(made, 'ALL');
  });
  afterEach(() => account.drop());

  const allow = (limit: number) =>
    onServer((connection) =>
      connection.query(`ALTER USER '${account.user}'@'%' WITH MAX_USER_CONNECTIONS ${limit}`),
    );

  it.each([4, 6])('of %i is refused at start, with the number that is needed', async (limit) => {
    onTestFinished(() => made.drop());
    await allow(limit);
    await expect(startServiceOn(made, {}, account.url)).rejects.toThrow(
      `The database lets this account have ${limit} connections at once; the service needs 8 at least.`,
    );
  });

  it.each([8, 12])(
    'of %i serves requests, appends, follows and relays, under a rush as well',
    {
      timeout: 60_000,
    },
    async (limit) => {
      await allow(limit);
      const live = await startServiceOn(made, {}, account.url);
      onTestFinished(() => live.close());
      const { userId, playerId } = await createPlayer(made.database);
      const token = await live.token(userId);
      const client = listen(`${live.url}/streams?scope=player:me&scope=global`, token);
      onTestFinished(() => client.close());
      await client.ready();
      const read = () =>
        fetch(`${live.url}/notifications`, { headers: { authorization: `Bearer ${token}` } });
      const reads = Promise.all(Array.from({ length: 40 }, read));
      const sent = Array.from({ length: 20 }, (_, number) => `n${number}`);
      const answers = await Promise.all(sent.map((title) => live.publish(note(playerId, title))));
      expect(answers.map(({ status }) => status)).toEqual(sent.map(() => 201));
      await reads;
      await publishSql(made.database, 'sql');
      await expect
        .poll(() => client.received.map(({ title }) => title).toSorted())
        .toEqual([...sent, 'sql'].toSorted());
      await expect.poll(async () => (await fetch(`${live.url}/ready`)).status).toBe(200);
    },
  );
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installTriggers } from '../../src/platform/triggers/install.ts';
import { createTestDatabase } from '../support/database/database.ts';
import { createContest, createPlayer, createUser, joinContest } from '../support/database/platform.ts';
import { startServiceOn, type TestService } from '../support/service.ts';
import { until } from '../support/until.ts';

/** With triggers all streams are checked once a minute only: what ends within 15 s was ended by an event of the log. */
describe('A right that is withdrawn', () => {
  let live: TestService;
  const left = new AbortController();
  beforeAll(async () => {
    const test = await createTestDatabase();
    await installTriggers(test.database);
    live = await startServiceOn(test);
  });
  afterAll(async () => {
    left.abort();
    await live.close();
  });

  const run = (sql: string, ...values: unknown[]) => live.test.database.execute(sql, values);

  async function open(userId: number, scope: string): Promise<{ text: string }> {
    const response = await fetch(`${live.url}/streams?scope=${scope}`, {
      headers: { authorization: `Bearer ${await live.token(userId)}` },
      signal: left.signal,
    });
    expect(response.status).toBe(200);
    const stream = { text: '' };
    const read = async () => {
      for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? [])
        stream.text += chunk;
    };
    read().catch(() => {});
    await until(() => stream.text.includes('event: caught-up'));
    return stream;
  }

  it.each([
    [
      'a user is banned',
      'revoked',
      (userId: number) => run("UPDATE users SET status = 'BANNED' WHERE id = ?", userId),
    ],
    [
      'the role of a user changes',
      'rotated',
      (userId: number) => run("UPDATE users SET role = 'ADMIN' WHERE id = ?", userId),
    ],
    [
      'tokens are revoked on this service',
      'revoked',
      async (userId: number) => {
        const admin = await live.token(await createUser(live.test.database, { role: 'ADMIN' }));
        const answer = await fetch(`${live.url}/users/${userId}/revocations`, {
          method: 'POST',
          headers: { authorization: `Bearer ${admin}` },
        });
        expect(answer.status).toBe(204);
      },
    ],
  ] as const)('ends the streams when %s', async (_what, reason, act) => {
    const { userId } = await createPlayer(live.test.database);
    const bystander = await open((await createPlayer(live.test.database)).userId, 'global');
    const stream = await open(userId, 'global');
    await act(userId);
    await until(() => stream.text.includes('event: stream-close'));
    expect(stream.text).toContain(`"reason":"${reason}"`);
    expect(bystander.text).not.toContain('event: stream-close');
  });

  it.each([
    [
      'becomes private',
      true,
      (contestId: number) => run('UPDATE contest SET is_public = 0 WHERE id = ?', contestId),
    ],
    [
      'is a draft again',
      true,
      (contestId: number) => run("UPDATE contest SET status = 'DRAFT' WHERE id = ?", contestId),
    ],
    ['is deleted', true, (contestId: number) => run('DELETE FROM contest WHERE id = ?', contestId)],
    [
      'is private, and the participant is removed from it',
      false,
      (contestId: number) => run('DELETE FROM contest_participant WHERE contest_id = ?', contestId),
    ],
  ] as const)('ends the streams of a contest that %s', async (_what, isPublic, act) => {
    const contestId = await createContest(live.test.database, { isPublic });
    const { userId, playerId } = await createPlayer(live.test.database);
    if (!isPublic) await joinContest(live.test.database, { contestId, playerId });
    const streams = [
      await open(userId, `contest:${contestId}`),
      await open(userId, `contest:${contestId}:leaderboard`),
    ];
    await act(contestId);
    await until(() => streams.every(({ text }) => text.includes('event: stream-close')));
    expect(
      streams.every(({ text }) => text.includes('"reason":"revoked"') || text.includes('"reason":"rotated"')),
    ).toBe(true);
  });
});

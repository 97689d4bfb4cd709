import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { installTriggers } from '../../src/platform/triggers/install.ts';
import { createTestDatabase, type TestDatabase } from '../support/database/database.ts';
import { createContest, createPlayer, createUser, joinContest } from '../support/database/platform.ts';
import { startServiceOn, type TestService } from '../support/service.ts';
import { until } from '../support/until.ts';
import { type RawStream, readStream } from '../support/wire/raw-stream.ts';

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
      await open(userId, `contest:${contestId}:cells`),
    ];
    await act(contestId);
    await until(() => streams.every(({ text }) => text.includes('event: stream-close')));
    expect(
      streams.every(({ text }) => text.includes('"reason":"revoked"') || text.includes('"reason":"rotated"')),
    ).toBe(true);
  });

  it.each([
    [
      'a contest is made private',
      true,
      (contestId: number) => run('UPDATE contest SET is_public = 0 WHERE id = ?', contestId),
    ],
    [
      'a participant is removed',
      false,
      (contestId: number, playerId: number) =>
        run('DELETE FROM contest_participant WHERE contest_id = ? AND player_id = ?', contestId, playerId),
    ],
  ] as const)('stops what is delivered within a second: %s', async (_what, isPublic, act) => {
    const { database } = live.test;
    const contestId = await createContest(database, { isPublic });
    const [lost, kept] = [await createPlayer(database), await createPlayer(database)];
    await joinContest(database, { contestId, playerId: kept.playerId });
    if (!isPublic) await joinContest(database, { contestId, playerId: lost.playerId });
    const [former, witness] = [await follow(lost.userId, contestId), await follow(kept.userId, contestId)];
    const publish = async () => {
      const data = { contestId, title: 'Hello', message: 'm' };
      expect((await live.publish([{ type: 'ANNOUNCEMENT', data }])).status).toBe(201);
    };
    while (announcedAt(former).length < 3) await publish();
    await act(contestId, lost.playerId);
    // By the database's clock, as the times of events.
    const [row] = await database.query<{ at: Date }>('SELECT UTC_TIMESTAMP(3) AS at');
    const bound = (row?.at.getTime() ?? 0) + 1_000;
    while (!announcedAt(witness).some((at) => at > bound + 500)) await publish();
    await until(() => former.ended);
    expect(announcedAt(former).filter((at) => at > bound)).toEqual([]);
  });

  async function follow(userId: number, contestId: number): Promise<RawStream> {
    const stream = await readStream(`${live.url}/streams/contests/${contestId}?types=ANNOUNCEMENT`, {
      authorization: `Bearer ${await live.token(userId)}`,
    });
    onTestFinished(() => stream.close());
    await until(() => stream.events.some(({ event }) => event === 'caught-up'));
    return stream;
  }

  /** Times of the announcements that a stream has received. */
  const announcedAt = (stream: RawStream) =>
    stream.events.flatMap(({ event, data }) =>
      event === 'announcement' ? [Date.parse(JSON.parse(data).at)] : [],
    );
});

/** Nothing reports here what the platform withdraws. */
describe('Without triggers, a right that was withdrawn', () => {
  let test: TestDatabase;
  let live: TestService;
  beforeAll(async () => {
    test = await createTestDatabase();
    live = await startServiceOn(test);
  });
  afterAll(() => live.close());

  /** The status of an opening and, where it opened, its scopes. */
  async function opening(userId: number, scope: string): Promise<number | string[]> {
    const stream = await readStream(`${live.url}/streams?scope=${scope}`, {
      authorization: `Bearer ${await live.token(userId)}`,
    });
    onTestFinished(() => stream.close());
    if (stream.response.status !== 200) return stream.response.status;
    await until(() => stream.events.length > 0);
    return JSON.parse(stream.events[0]?.data ?? '').scopes;
  }

  it('opens nothing: the role of a user, the account itself, a contest', async () => {
    const { database } = test;
    const contestId = await createContest(database, { isPublic: true });
    const admin = await createUser(database, { role: 'ADMIN' });
    const { userId } = await createPlayer(database);
    expect(await opening(admin, 'admins')).toEqual(['admins']);
    await database.execute("UPDATE users SET role = 'PLAYER' WHERE id = ?", [admin]);
    expect(await opening(admin, 'admins')).toBe(404);
    expect(await opening(admin, `contest:${contestId}:hidden`)).toBe(404);
    expect(await opening(admin, 'global')).toEqual(['global', 'players']);

    expect(await opening(userId, `contest:${contestId}`)).toEqual([`contest:${contestId}`]);
    await database.execute('UPDATE contest SET is_public = 0 WHERE id = ?', [contestId]);
    expect(await opening(userId, `contest:${contestId}`)).toBe(404);
    await database.execute("UPDATE users SET status = 'BANNED' WHERE id = ?", [userId]);
    expect(await opening(userId, 'global')).toBe(403);
  });
});

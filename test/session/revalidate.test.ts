import { beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { type Auth, createAuth } from '../../src/auth/auth.ts';
import { loadConfig } from '../../src/config/config.ts';
import type { Scope } from '../../src/protocol/scope.ts';
import { revalidate } from '../../src/session/revalidate.ts';
import { createTestDatabase, prepareDatabase } from '../support/database/database.ts';
import { createContest, createPlayer, joinContest } from '../support/database/platform.ts';
import { SECRET } from '../support/service.ts';
import { startNode, type TestNode } from './fixture.ts';

const db = prepareDatabase();
let auth: Auth;
let node: TestNode;
beforeAll(async () => {
  const config = loadConfig({ JWT_SECRET: SECRET });
  auth = createAuth({ ...config, database: db.database, heartbeatTimeoutMs: 60_000 });
});
beforeEach(() => {
  node = startNode(db.url);
  onTestFinished(node.close);
});

async function listener(...scopes: Scope[]) {
  const ids = await createPlayer(db.database);
  const opened = node.open({ ...ids, scopes: [`player:${ids.playerId}`, 'global', ...scopes] });
  return { ...ids, ...opened };
}

const run = (sql: string, ...values: unknown[]) => db.database.execute(sql, values);

test('streams whose owners still have access stay open', async () => {
  const privateContest = await createContest(db.database, { isPublic: false });
  const one = await listener();
  const two = await listener(`contest:${privateContest}`);
  await joinContest(db.database, { contestId: privateContest, playerId: two.playerId });
  expect(await revalidate(node.streams, auth.grants)).toBe(0);
  expect([one, two].map(({ stream }) => stream.state)).not.toContain('closed');
});

test.each([
  ['is banned', ({ userId }) => run("UPDATE users SET status = 'BANNED' WHERE id = ?", userId)],
  ['had the tokens revoked', ({ userId }) => auth.revocations.revoke(userId)],
  ['is gone', ({ userId }) => run('DELETE FROM users WHERE id = ?', userId)],
] as readonly [string, (who: { userId: number }) => Promise<unknown>][])(
  'every stream of a user who %s is closed for good, and no other',
  async (_what, act) => {
    const [one, bystander] = [await listener(), await listener()];
    const second = node.open({ userId: one.userId, playerId: one.playerId });
    await act(one);
    expect(await revalidate(node.streams, auth.grants)).toBe(2);
    expect(one.stream.closeReason).toBe('revoked');
    expect(await second.text()).toContain('{"reason":"revoked","reconnect":false}');
    expect(bystander.stream.state).not.toBe('closed');
  },
);

test('a player who left a private contest loses its stream, and may reconnect for the other scopes', async () => {
  const contestId = await createContest(db.database, { isPublic: false });
  const [stays, leaves] = [
    await listener(`contest:${contestId}:leaderboard`),
    await listener(`contest:${contestId}`),
  ];
  for (const { playerId } of [stays, leaves]) await joinContest(db.database, { contestId, playerId });
  expect(await revalidate(node.streams, auth.grants)).toBe(0);
  await run('DELETE FROM contest_participant WHERE player_id = ?', leaves.playerId);
  expect(await revalidate(node.streams, auth.grants)).toBe(1);
  expect(leaves.stream.closeReason).toBe('rotated');
  expect(await leaves.text()).toContain('"reconnect":true');
});

test('an owner whose role changed is asked to reconnect', async () => {
  const one = await listener();
  await run("UPDATE users SET role = 'ADMIN' WHERE id = ?", one.userId);
  expect(await revalidate(node.streams, auth.grants)).toBe(1);
  expect(await one.text()).toContain('{"reason":"rotated","reconnect":true}');
});

test('an unavailable database closes no stream', async () => {
  const one = await listener();
  const away = await createTestDatabase();
  const there = createAuth({
    ...loadConfig({ JWT_SECRET: SECRET }),
    database: away.database,
    heartbeatTimeoutMs: 60_000,
  });
  await away.drop();
  await expect(revalidate(node.streams, there.grants)).rejects.toThrow();
  expect(one.stream.state).not.toBe('closed');
});

test('a crowd is checked page by page', async () => {
  const one = await listener();
  for (let i = 0; i < 2_200; i++) node.open({ userId: one.userId, playerId: one.playerId });
  await auth.revocations.revoke(one.userId);
  expect(await revalidate(node.streams, auth.grants)).toBe(2_201);
  expect(node.streams.size).toBe(0);
});

import { beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { type Auth, createAuth } from '../../src/auth/auth.ts';
import type { Grants, Loss, StreamAccess } from '../../src/auth/grants.ts';
import { loadConfig } from '../../src/config/config.ts';
import type { Scope } from '../../src/protocol/scope.ts';
import { AccessChanges } from '../../src/session/access-changes.ts';
import { prepareDatabase } from '../support/database/database.ts';
import { createContest, createPlayer } from '../support/database/platform.ts';
import { SECRET } from '../support/service.ts';
import { until } from '../support/until.ts';
import { startNode, type TestNode } from './fixture.ts';

const db = prepareDatabase();
let auth: Auth;
let node: TestNode;
/** Counts of streams per check. */
let checked: number[];
let failing: boolean;
let errors: unknown[];
let changes: AccessChanges;
beforeAll(() => {
  const config = loadConfig({ JWT_SECRET: SECRET });
  auth = createAuth({ ...config, database: db.database, heartbeatTimeoutMs: 60_000 });
});
beforeEach(() => {
  node = startNode(db.url);
  onTestFinished(node.close);
  [checked, failing, errors] = [[], false, []];
  const grants: Pick<Grants, 'recheck' | 'forgetContests'> = {
    forgetContests: auth.grants.forgetContests,
    async recheck<L extends StreamAccess>(listeners: readonly L[]): Promise<Loss<L>[]> {
      if (failing) throw new Error('away');
      checked.push(listeners.length);
      return auth.grants.recheck(listeners);
    },
  };
  changes = new AccessChanges({
    streams: node.streams,
    hub: node.hub,
    grants,
    users: auth.users,
    onError: (error) => errors.push(error),
  });
});

async function listener(...scopes: Scope[]) {
  const ids = await createPlayer(db.database);
  return { ...ids, ...node.open({ ...ids, scopes: [`player:${ids.playerId}`, ...scopes] }) };
}

const run = (sql: string, ...values: unknown[]) => db.database.execute(sql, values);
const ban = (userId: number) => run("UPDATE users SET status = 'BANNED' WHERE id = ?", userId);
const byUser = (userId: number) => ({ userIds: [userId], contestIds: [] });

test('a change of a user rechecks the streams of that user alone', async () => {
  const crowd = await Promise.all(Array.from({ length: 20 }, () => listener('global')));
  const [one] = crowd as [(typeof crowd)[number]];
  await ban(one.userId);
  changes.apply(byUser(one.userId));
  await until(() => one.stream.closeReason === 'revoked');
  expect(checked).toEqual([1]);
  expect(node.streams.size).toBe(19);
});

test.each(['contest', 'leaderboard'] as const)(
  'a contest that became private rechecks the streams of its %s alone, and nobody is let in from a cache',
  async (kind) => {
    const contestId = await createContest(db.database);
    const scope: Scope = kind === 'contest' ? `contest:${contestId}` : `contest:${contestId}:leaderboard`;
    const [outsider, other] = [await listener(scope), await listener('global')];
    const identity = {
      ...outsider.stream.owner,
      kind: 'user',
      name: 'x',
      expiresAt: new Date(8e12),
    } as const;
    const open = () => auth.grants.authorise(identity, [{ kind: 'contest', id: contestId }]);
    await open();
    await until(() => outsider.stream.state === 'live');
    await run('UPDATE contest SET is_public = 0 WHERE id = ?', contestId);
    changes.apply({ userIds: [], contestIds: [contestId] });
    await expect(open()).rejects.toMatchObject({ code: 'not-found' });
    await until(() => outsider.stream.state === 'closed');
    expect(checked).toEqual([1]);
    expect(other.stream.state).not.toBe('closed');
  },
);

test('a stream that opens just after the change, authorised before it, is rechecked', async () => {
  const ids = await createPlayer(db.database);
  await ban(ids.userId);
  changes.apply(byUser(ids.userId));
  const late = node.open({ ...ids, scopes: ['global'] });
  await until(() => late.stream.closeReason === 'revoked');
});

test('a check that fails is repeated', async () => {
  const one = await listener('global');
  await ban(one.userId);
  failing = true;
  changes.apply(byUser(one.userId));
  await until(() => errors.length > 0);
  expect(one.stream.state).not.toBe('closed');
  failing = false;
  await until(() => one.stream.closeReason === 'revoked');
});

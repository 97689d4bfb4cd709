import { beforeEach, describe, expect, it } from 'vitest';
import type { Auth } from '../../src/auth/auth.ts';
import type { StreamAccess } from '../../src/auth/grants.ts';
import { type Scope, scopes } from '../../src/protocol/scope.ts';
import {
  createContest,
  createPlayer,
  createProblem,
  createUser,
  joinContest,
} from '../support/database/platform.ts';
import { useFixture } from './fixture.ts';

const fixture = useFixture();
let auth: Auth;
beforeEach(() => {
  auth = fixture.auth();
});

async function listener(wanted: Scope[] = [], role: 'PLAYER' | 'ADMIN' = 'PLAYER'): Promise<StreamAccess> {
  const { userId, playerId } = await createPlayer(fixture.database, { role });
  const issuedAt = new Date(Date.now() - 60_000);
  return { userId, playerId, role, issuedAt, scopes: [scopes.player(playerId), 'global', ...wanted] };
}

const run = (sql: string, ...values: unknown[]) => fixture.database.execute(sql, values);

describe('recheck', () => {
  it('finds nothing to say of streams that may go on', async () => {
    const [contest, privateOne] = [
      await createContest(fixture.database),
      await createContest(fixture.database, { isPublic: false }),
    ];
    const problem = await createProblem(fixture.database);
    const one = await listener([
      scopes.contest(contest),
      scopes.leaderboard(privateOne),
      scopes.problem(problem),
    ]);
    await joinContest(fixture.database, { contestId: privateOne, playerId: one.playerId ?? 0 });
    const admin = await listener([scopes.player(one.playerId ?? 0), scopes.leaderboard(privateOne)], 'ADMIN');
    expect(await auth.grants.recheck([one, admin])).toEqual([]);
    expect(await auth.grants.recheck([])).toEqual([]);
  });

  it.each([
    [
      'banned',
      'blocked',
      (one: StreamAccess) => run("UPDATE users SET status = 'BANNED' WHERE id = ?", one.userId),
    ],
    [
      'suspended',
      'blocked',
      (one: StreamAccess) => run("UPDATE users SET status = 'SUSPENDED' WHERE id = ?", one.userId),
    ],
    ['deleted', 'deleted', (one: StreamAccess) => run('DELETE FROM users WHERE id = ?', one.userId)],
    ['revoked', 'revoked', (one: StreamAccess) => auth.revocations.revoke(one.userId)],
    [
      'promoted',
      'changed',
      (one: StreamAccess) => run("UPDATE users SET role = 'ADMIN' WHERE id = ?", one.userId),
    ],
    [
      'robbed of the player',
      'changed',
      (one: StreamAccess) => run('DELETE FROM player WHERE id = ?', one.playerId),
    ],
  ] as const)(
    'closes the streams of a user who was %s, and forgets what was known',
    async (_what, why, act) => {
      const [bystander, one] = [await listener(), await listener()];
      const second = { ...one, scopes: ['global'] as const };
      await auth.users.find(one.userId);
      await act(one);
      expect(await auth.grants.recheck([bystander, one, second])).toEqual([
        { listener: one, why },
        { listener: second, why },
      ]);
      const before = fixture.queries();
      await auth.users.find(one.userId);
      expect(fixture.queries() - before).toBe(1);
    },
  );

  it('reads no row of accounts that are as they were, however many there are', async () => {
    const crowd = await Promise.all(Array.from({ length: 20 }, () => listener()));
    const withoutPlayer = { userId: await createUser(fixture.database), playerId: undefined };
    const issuedAt = new Date(Date.now() + 0.4);
    const all = [
      ...crowd,
      { ...withoutPlayer, role: 'PLAYER', issuedAt, scopes: ['global'] } satisfies StreamAccess,
      await listener([], 'ADMIN'),
    ];
    const [queries, rows] = [fixture.queries(), fixture.rows()];
    expect(await auth.grants.recheck(all)).toEqual([]);
    expect(fixture.queries() - queries).toBe(1);
    expect(fixture.rows() - rows).toBe(0);
  });

  it('closes the streams of a user who was given a player, or is an admin no more', async () => {
    const userId = await createUser(fixture.database);
    const joins: StreamAccess = {
      userId,
      playerId: undefined,
      role: 'PLAYER',
      issuedAt: new Date(),
      scopes: ['global'],
    };
    const demoted = await listener([], 'ADMIN');
    await run('INSERT INTO player (id, user_id) VALUES (?, ?)', 900_000 + userId, userId);
    await run("UPDATE users SET role = 'PLAYER' WHERE id = ?", demoted.userId);
    expect(await auth.grants.recheck([joins, demoted])).toEqual([
      { listener: joins, why: 'changed' },
      { listener: demoted, why: 'changed' },
    ]);
  });

  it('does not close a stream whose token is newer than the revocation', async () => {
    const one = await listener();
    await auth.revocations.revoke(one.userId);
    expect(await auth.grants.recheck([{ ...one, issuedAt: new Date(Date.now() + 2000) }])).toEqual([]);
  });

  it('closes the streams of who left, or was kicked from, a private contest', async () => {
    const contestId = await createContest(fixture.database, { isPublic: false });
    const scope = scopes.leaderboard(contestId);
    const [stays, leaves] = [await listener([scope]), await listener([scope])];
    for (const { playerId = 0 } of [stays, leaves])
      await joinContest(fixture.database, { contestId, playerId });
    await run('DELETE FROM contest_participant WHERE player_id = ?', leaves.playerId);
    expect(await auth.grants.recheck([stays, leaves])).toEqual([
      { listener: leaves, why: 'scope-lost', scope },
    ]);
  });

  it.each([
    ['private', (id: number) => run('UPDATE contest SET is_public = 0 WHERE id = ?', id)],
    ['a draft again', (id: number) => run("UPDATE contest SET status = 'DRAFT' WHERE id = ?", id)],
    ['deleted', (id: number) => run('DELETE FROM contest WHERE id = ?', id)],
  ])(
    'closes the streams of outsiders to a contest that became %s, and lets none of them back in',
    async (_what, act) => {
      const contestId = await createContest(fixture.database);
      const scope = scopes.contest(contestId);
      const one = await listener([scope]);
      const identity = { ...one, kind: 'user', name: 'x', expiresAt: new Date(8e12) } as const;
      const open = () => auth.grants.authorise(identity, [{ kind: 'contest', id: contestId }]);
      await open();
      await act(contestId);
      expect(await auth.grants.recheck([one])).toEqual([{ listener: one, why: 'scope-lost', scope }]);
      await expect(open()).rejects.toMatchObject({ code: 'not-found' });
    },
  );

  it('checks ten thousand streams with a few dozen queries', async () => {
    const { database } = fixture;
    const [userStart, playerStart, count] = [1_000_000, 2_000_000, 10_000];
    const rows = Array.from({ length: count }, (_, n) => n);
    await database.query('INSERT INTO users (id, name, email, password) VALUES ?', [
      rows.map((n) => [userStart + n, 'x', `bulk-${n}@example.test`, '-']),
    ]);
    await database.query('INSERT INTO player (id, user_id) VALUES ?', [
      rows.map((n) => [playerStart + n, userStart + n]),
    ]);
    const [open, closed] = [
      await createContest(database),
      await createContest(database, { isPublic: false }),
    ];
    await database.query('INSERT INTO contest_participant (contest_id, player_id) VALUES ?', [
      rows.filter((n) => n % 2 === 0).map((n) => [closed, playerStart + n]),
    ]);
    const listeners = rows.map(
      (n): StreamAccess => ({
        userId: userStart + n,
        playerId: playerStart + n,
        role: 'PLAYER',
        issuedAt: new Date(),
        scopes: [
          scopes.player(playerStart + n),
          scopes.contest(open),
          ...(n % 4 < 2 ? [scopes.contest(closed)] : []),
        ],
      }),
    );
    const before = fixture.queries();
    const losses = await auth.grants.recheck(listeners);
    expect(losses).toHaveLength(count / 4);
    expect(new Set(losses.map(({ why, scope }) => `${why} ${scope}`))).toEqual(
      new Set([`scope-lost contest:${closed}`]),
    );
    expect(fixture.queries() - before).toBeLessThan(40);
  });

  it('asks for many private contests by ranges of the key', async () => {
    const { database } = fixture;
    const createdBy = await createUser(database);
    const contests = await Promise.all(
      Array.from({ length: 30 }, () => createContest(database, { isPublic: false, createdBy })),
    );
    const one = await listener(contests.map((id) => scopes.contest(id)));
    for (const contestId of contests.slice(0, 29))
      await joinContest(database, { contestId, playerId: one.playerId ?? 0 });
    expect(await auth.grants.recheck([one])).toEqual([
      { listener: one, why: 'scope-lost', scope: scopes.contest(contests[29] ?? 0) },
    ]);
  });
});

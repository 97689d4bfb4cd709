import { describe, expect, it } from 'vitest';
import { mintPlatformToken } from '../../src/auth/mint.ts';
import { TtlCache } from '../../src/auth/ttl-cache.ts';
import { refusalOf } from '../../src/auth/users.ts';
import { createPlayer, createUser } from '../support/database/platform.ts';
import { bearer, SECRET, useFixture } from './fixture.ts';

const fixture = useFixture();
const ban = (userId: number) =>
  fixture.database.execute("UPDATE users SET status = 'BANNED' WHERE id = ?", [userId]);

describe('users', () => {
  it('are asked for once by many at the same time, and again after five seconds', async () => {
    let now = 0;
    const { users } = fixture.auth({ now: () => now });
    const { userId, playerId } = await createPlayer(fixture.database, { name: 'Ada' });
    const before = fixture.queries();
    const found = await Promise.all(Array.from({ length: 30 }, () => users.find(userId)));
    expect(found[29]).toEqual({
      userId,
      playerId,
      role: 'PLAYER',
      name: 'Ada',
      blocked: false,
      notBefore: undefined,
    });
    now = 4999;
    await users.find(userId);
    expect(fixture.queries() - before).toBe(1);
    now = 5000;
    await users.find(userId);
    expect(fixture.queries() - before).toBe(2);
  });

  it('are read anew where a stream is opened, and admins each time', async () => {
    const { users } = fixture.auth();
    const userId = await createUser(fixture.database);
    await users.find(userId);
    const setRole = (role: string) =>
      fixture.database.execute('UPDATE users SET role = ? WHERE id = ?', [role, userId]);
    await setRole('ADMIN');
    expect(await users.find(userId)).toMatchObject({ role: 'PLAYER' });
    expect(await users.find(userId, true)).toMatchObject({ role: 'ADMIN' });
    await setRole('PLAYER');
    expect(await users.find(userId)).toMatchObject({ role: 'PLAYER' });
  });

  it('that do not exist are queried again each time', async () => {
    const { users } = fixture.auth();
    const before = fixture.queries();
    expect(await users.find(777_777)).toBeUndefined();
    expect(await users.find(777_777)).toBeUndefined();
    expect(fixture.queries() - before).toBe(2);
  });

  it('are not remembered when the database failed', async () => {
    const { users } = fixture.auth();
    const userId = await createUser(fixture.database);
    await fixture.database.execute('RENAME TABLE token_revocation TO hidden');
    await expect(users.find(userId)).rejects.toThrow();
    await fixture.database.execute('RENAME TABLE hidden TO token_revocation');
    await expect(users.find(userId)).resolves.toMatchObject({ userId });
  });

  it('that are banned stay out within five seconds, at once when forgotten', async () => {
    let now = Date.now();
    const auth = fixture.auth({ now: () => now });
    const [one, two] = [await createUser(fixture.database), await createUser(fixture.database)];
    const blocked = { code: 'account-blocked' };
    for (const userId of [one, two]) {
      await auth.authenticate(bearer(await mintPlatformToken(SECRET, userId)));
      await ban(userId);
    }
    auth.users.forget(one);
    await expect(auth.authenticate(bearer(await mintPlatformToken(SECRET, one)))).rejects.toMatchObject(
      blocked,
    );
    now += 5000;
    await expect(auth.authenticate(bearer(await mintPlatformToken(SECRET, two)))).rejects.toMatchObject(
      blocked,
    );
  });
});

describe('a revocation', () => {
  it('ends the tokens issued until then and none issued later', async () => {
    const auth = fixture.auth();
    const userId = await createUser(fixture.database);
    const issued = (secondsAgo: number) =>
      mintPlatformToken(SECRET, userId, { now: Date.now() - secondsAgo * 1000 }).then((token) =>
        auth.authenticate(bearer(token)),
      );
    await expect(issued(60)).resolves.toBeDefined();
    await auth.revocations.revoke(userId);
    await expect(issued(60)).rejects.toMatchObject({ code: 'token-invalid' });
    // Signed by a clock that is a little ahead: later than the revocation beyond doubt.
    await expect(issued(-4)).resolves.toMatchObject({ userId });
  });

  it('refuses the whole second that it happened in, since tokens say no more than that', () => {
    const account = { userId: 1, playerId: 1, role: 'PLAYER', name: '', blocked: false } as const;
    const refusal = (issued: number, revoked: number) =>
      refusalOf({ ...account, notBefore: new Date(revoked) }, new Date(issued));
    expect(refusal(9_000, 10_500)).toBe('revoked');
    expect(refusal(10_000, 10_500)).toBe('revoked');
    expect(refusal(10_000, 10_000)).toBe('revoked');
    expect(refusal(11_000, 10_999)).toBeUndefined();
  });

  it('never moves back, and may be repeated', async () => {
    const { revocations } = fixture.auth();
    const userId = await createUser(fixture.database);
    await fixture.database.execute("INSERT INTO token_revocation VALUES (?, '2100-01-01 00:00:00')", [
      userId,
    ]);
    await revocations.revoke(userId);
    await revocations.revoke(userId);
    const rows = await fixture.database.query(
      'SELECT not_before AS at FROM token_revocation WHERE user_id = ?',
      [userId],
    );
    expect(rows).toEqual([{ at: new Date('2100-01-01T00:00:00Z') }]);
  });

  it('of no account is not found', async () => {
    await expect(fixture.auth().revocations.revoke(888_888)).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('TtlCache', () => {
  it('holds no more than its capacity and drops what was longest unused', () => {
    const memory = new TtlCache<number, string>({ ttlMs: 1000, capacity: 3, now: () => 0 });
    for (const key of [1, 2, 3]) memory.set(key, `${key}`);
    memory.get(1);
    memory.set(4, '4');
    expect([1, 2, 3, 4].map((key) => memory.get(key))).toEqual(['1', undefined, '3', '4']);
    expect(memory.size).toBe(3);
  });

  it('does not forget a newer value in place of an older one', () => {
    const memory = new TtlCache<number, string>({ ttlMs: 1000, capacity: 3 });
    memory.set(1, 'new');
    memory.delete(1, 'old');
    expect(memory.get(1)).toBe('new');
  });
});

it.each([-86_400_000, 86_400_000])(
  "a block takes effect within seconds, though the database's clock jumps by %d ms meanwhile",
  async (jump) => {
    const { userId } = await createPlayer(fixture.database);
    const time = { now: Date.now(), monotonic: 1_000 };
    const auth = fixture.auth({ now: () => time.now, monotonic: () => time.monotonic });
    expect(await auth.users.find(userId)).toMatchObject({ blocked: false });
    await ban(userId);
    time.now += jump;
    time.monotonic += 60_000;
    expect(await auth.users.find(userId)).toMatchObject({ blocked: true });
  },
);

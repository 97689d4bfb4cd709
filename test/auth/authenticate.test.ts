import { SignJWT } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Auth } from '../../src/auth/auth.ts';
import { deriveKeys } from '../../src/auth/keys.ts';
import { mintPlatformToken, mintServiceToken } from '../../src/auth/mint.ts';
import { createPlayer, createUser, type PlayerIds } from '../support/database/platform.ts';
import { bearer, request, SECRET, useFixture, withTicket } from './fixture.ts';

const fixture = useFixture();
const keys = deriveKeys({ secret: SECRET, liveSecret: undefined });
let auth: Auth;
let ada: PlayerIds;
beforeAll(async () => {
  auth = fixture.auth();
  ada = await createPlayer(fixture.database, { name: 'Ada' });
});

const platform = (userId = ada.userId) => mintPlatformToken(SECRET, userId);
const service = () => mintServiceToken(keys.service, 'platform');
async function ticket(): Promise<string> {
  const identity = await auth.authenticate(bearer(await platform()));
  return (await auth.tickets.issue(identity, ['global'])).ticket;
}

describe('an identity', () => {
  it("is what the database has of the token's user", async () => {
    const token = await mintPlatformToken(SECRET, ada.userId, { lifetimeS: 100 });
    const identity = await auth.authenticate(bearer(token));
    expect(identity).toMatchObject({ kind: 'user', ...ada, role: 'PLAYER', name: 'Ada' });
    expect(identity).not.toHaveProperty('ticket');
    if (identity.kind === 'user')
      expect(identity.expiresAt.getTime() - identity.issuedAt.getTime()).toBe(100_000);
  });

  it.each(['ADMIN', 'COMPANY'] as const)('has no player for a bare account (%s)', async (role) => {
    const userId = await createUser(fixture.database, { role });
    expect(await auth.authenticate(bearer(await platform(userId)))).toMatchObject({
      role,
      playerId: undefined,
    });
  });

  it('is a service for a service token', async () => {
    expect(await auth.authenticate(bearer(await service()))).toMatchObject({
      kind: 'service',
      name: 'platform',
    });
  });

  it.each(['BANNED', 'SUSPENDED'] as const)('is refused with 403 when %s', async (status) => {
    const { userId } = await createPlayer(fixture.database, { status });
    await expect(auth.authenticate(bearer(await platform(userId)))).rejects.toMatchObject({
      code: 'account-blocked',
      status: 403,
    });
  });

  it('has no identity when the account does not exist', async () => {
    await expect(auth.authenticate(bearer(await platform(999_999)))).rejects.toMatchObject({
      code: 'token-invalid',
    });
  });

  it('may be dormant', async () => {
    const { userId } = await createPlayer(fixture.database, { status: 'DORMANT' });
    await expect(auth.authenticate(bearer(await platform(userId)))).resolves.toMatchObject({ userId });
  });
});

describe('the three kinds of tokens', () => {
  const kinds = { platform, service, ticket };
  const ways = {
    header: (token: string) => auth.authenticate(bearer(token), { tickets: true }),
    ticket: (token: string) => auth.authenticate(withTicket(token), { tickets: true }),
    cookie: (token: string) =>
      auth.authenticate(request({ headers: { cookie: `token=${token}` } }), { tickets: true }),
  };
  const right: Record<string, Record<string, unknown>> = {
    'platform by header': { kind: 'user' },
    'platform by cookie': { kind: 'user' },
    'service by header': { kind: 'service' },
    'ticket by ticket': { kind: 'user', ticket: { scopes: ['global'] } },
  };
  const cases = Object.keys(kinds).flatMap((kind) => Object.keys(ways).map((way) => [kind, way] as const));

  it.each(cases)('pass only where they belong: %s by %s', async (kind, way) => {
    const token = await kinds[kind as keyof typeof kinds]();
    const outcome = Promise.resolve(ways[way as keyof typeof ways](token));
    const expected = right[`${kind} by ${way}`];
    if (expected) await expect(outcome).resolves.toMatchObject(expected);
    else
      await expect(outcome).rejects.toMatchObject({
        code: way === 'ticket' ? 'ticket-invalid' : 'token-invalid',
      });
  });

  const audiences = [undefined, 'codecraft-live/service', 'codecraft-live/ticket'];
  const signers = { platform: new TextEncoder().encode(SECRET), service: keys.service, ticket: keys.ticket };
  const forgeries = Object.keys(signers).flatMap((signer) =>
    audiences.map((audience) => [signer, audience] as const),
  );

  it.each(forgeries)(
    'need their own key and audience: all claims, key of %s, audience %s',
    async (signer, audience) => {
      const seconds = Math.floor(Date.now() / 1000);
      const token = await new SignJWT({
        id: ada.userId,
        sub: String(ada.userId),
        jti: crypto.randomUUID(),
        scopes: ['global'],
        auth: seconds,
        until: seconds + 60,
        iat: seconds,
        exp: seconds + 60,
        ...(audience === undefined ? {} : { aud: audience }),
      })
        .setProtectedHeader({ alg: 'HS256' })
        .sign(signers[signer as keyof typeof signers]);
      const passes = [];
      for (const [way, authenticate] of Object.entries(ways)) {
        const identity = await Promise.resolve(authenticate(token)).catch(() => undefined);
        if (identity) passes.push(`${way}:${identity.kind}`);
      }
      const allowed: Record<string, string[]> = {
        'platform/undefined': ['header:user', 'cookie:user'],
        'service/codecraft-live/service': ['header:service'],
        'ticket/codecraft-live/ticket': ['ticket:user'],
      };
      expect(passes).toEqual(allowed[`${signer}/${audience}`] ?? []);
    },
  );

  it('keep apart when LIVE_SECRET is the very secret of the platform', async () => {
    const same = fixture.auth({ env: { LIVE_SECRET: SECRET } });
    const raw = await mintServiceToken(new TextEncoder().encode(SECRET), 'platform');
    await expect(same.authenticate(bearer(raw))).rejects.toMatchObject({ code: 'token-invalid' });
  });

  it('of a service end when they say', async () => {
    const token = await mintServiceToken(keys.service, 'platform', {
      lifetimeS: 60,
      now: Date.now() - 120_000,
    });
    await expect(auth.authenticate(bearer(token))).rejects.toMatchObject({ code: 'token-expired' });
  });

  it('of a service end when they say, though they were accepted before', async () => {
    let now = Date.now();
    const clocked = fixture.auth({ now: () => now, monotonic: () => 0 });
    const token = await mintServiceToken(keys.service, 'platform', { lifetimeS: 60 });
    expect(await clocked.authenticate(bearer(token))).toMatchObject({ name: 'platform' });
    now += 50_000;
    expect(clocked.authenticate(bearer(token))).toMatchObject({ name: 'platform' });
    now += 20_000;
    await expect(clocked.authenticate(bearer(token))).rejects.toMatchObject({ code: 'token-expired' });
  });

  it('of a service cannot be signed for the future or without a name', async () => {
    const early = await mintServiceToken(keys.service, 'platform', { now: Date.now() + 60_000 });
    await expect(auth.authenticate(bearer(early))).rejects.toMatchObject({ code: 'token-invalid' });
    expect(() => mintServiceToken(keys.service, '')).toThrow(RangeError);
  });
});

describe('a request', () => {
  it('without any credential is refused with a hint that one is needed', async () => {
    await expect(auth.authenticate(request())).rejects.toMatchObject({ code: 'token-missing', status: 401 });
    const empty = request({ headers: { cookie: 'token=; other=1' } });
    await expect(auth.authenticate(empty)).rejects.toMatchObject({ code: 'token-missing' });
  });

  it('is judged by its header first, then its ticket, then its cookie', async () => {
    const cookie = `token=${await platform((await createPlayer(fixture.database)).userId)}`;
    const all = request({
      headers: { authorization: `bearer  ${await platform()}`, cookie },
      path: `/streams/global?ticket=${await ticket()}`,
    });
    const identity = await auth.authenticate(all, { tickets: true });
    expect(identity).toMatchObject(ada);
    expect(identity).not.toHaveProperty('ticket');

    const two = request({ headers: { cookie }, path: `/streams/global?ticket=${await ticket()}` });
    expect(await auth.authenticate(two, { tickets: true })).toMatchObject({
      ...ada,
      ticket: { scopes: ['global'] },
    });
  });

  it.each(['', 'Bearer', 'Bearer ', 'Basic dTpw', 'Bearer a b', 'Bearer a, Bearer b', 'Token x', 'Bearer ä'])(
    'with the malformed header %j is refused although its cookie is good',
    async (authorization) => {
      const cookie = `token=${await platform()}`;
      await expect(auth.authenticate(request({ headers: { authorization, cookie } }))).rejects.toMatchObject({
        code: 'token-invalid',
      });
    },
  );

  it.each(['token', 'access_token', 'jwt', 'authorization', 'Access_Token'])(
    'with a token in the URL (%s) is refused although its header is good',
    async (name) => {
      const token = await platform();
      for (const value of [token, `Bearer ${token}`]) {
        const leaky = request({
          headers: { authorization: `Bearer ${token}` },
          path: `/streams/global?${new URLSearchParams({ [name]: value })}`,
        });
        await expect(auth.authenticate(leaky)).rejects.toMatchObject({ code: 'token-in-url', status: 400 });
      }
    },
  );

  it('may have a parameter of such a name that holds no token', async () => {
    const harmless = request({
      headers: { authorization: `Bearer ${await platform()}` },
      path: '/streams/global?token=7',
    });
    await expect(auth.authenticate(harmless)).resolves.toMatchObject(ada);
  });

  it('uses the first of two cookies named token, as the platform does', async () => {
    const cookie = `theme=dark; token=${await platform()}; token=other`;
    await expect(auth.authenticate(request({ headers: { cookie } }))).resolves.toMatchObject(ada);
  });

  it("with another site's cookie is refused before the token is read", async () => {
    const foreign = request({ headers: { cookie: 'token=x', origin: 'https://evil.example' } });
    await expect(auth.authenticate(foreign)).rejects.toMatchObject({
      code: 'origin-not-allowed',
      status: 403,
    });
  });

  it('may come from anywhere with a token that no browser adds by itself', async () => {
    const foreign = request({
      headers: { authorization: `Bearer ${await platform()}`, origin: 'https://evil.example' },
    });
    await expect(auth.authenticate(foreign)).resolves.toMatchObject(ada);
  });

  it('by cookie or header asks the database once for many', async () => {
    const fresh = fixture.auth();
    const token = await platform();
    const before = fixture.queries();
    await Promise.all(Array.from({ length: 20 }, () => fresh.authenticate(bearer(token))));
    expect(fixture.queries() - before).toBe(1);
  });
});

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPlatformVerifier } from '../../src/auth/platform-token.ts';
import { loadConfig } from '../../src/config/config.ts';

interface Signer {
  readonly jwk: JWK;
  sign(kid?: string): Promise<string>;
}

async function signer(alg: string, kid: string): Promise<Signer> {
  const { publicKey, privateKey } = await generateKeyPair(alg);
  return {
    jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' },
    sign: (named = kid) =>
      new SignJWT({ id: 7 })
        .setProtectedHeader({ alg, kid: named })
        .setIssuedAt()
        .setExpirationTime('1h')
        .sign(privateKey),
  };
}

let server: Server;
let fetches: number;
let answer: { status: number; body: string };
let url: string;

beforeEach(async () => {
  fetches = 0;
  server = createServer((_request, response) => {
    fetches++;
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`;
});
afterEach(
  () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    }),
);

const publish = (...signers: Signer[]) => {
  answer = { status: 200, body: JSON.stringify({ keys: signers.map(({ jwk }) => jwk) }) };
};

function verifier(
  options: { cooldownMs?: number; retryMs?: number; monotonic?: () => number } = {},
  secret?: string,
) {
  const { auth } = loadConfig({ JWKS_URL: url, LIVE_SECRET: 'x', ...(secret ? { JWT_SECRET: secret } : {}) });
  const key = secret === undefined ? undefined : new TextEncoder().encode(secret);
  return createPlatformVerifier(auth, key, options);
}

describe('keys of a JWKS', () => {
  it.each(['RS256', 'ES256', 'EdDSA'])(
    'verify %s, fetched once however many tokens come at once',
    async (alg) => {
      const one = await signer(alg, 'one');
      publish(one);
      const verify = verifier();
      const token = await one.sign();
      const found = await Promise.all(Array.from({ length: 50 }, () => verify(token)));
      expect(new Set(found.map(({ userId }) => userId))).toEqual(new Set([7]));
      expect(fetches).toBe(1);
    },
  );

  it('are rotated without a restart', async () => {
    const [old, next] = [await signer('ES256', 'old'), await signer('ES256', 'next')];
    publish(old);
    const verify = verifier({ cooldownMs: 0 });
    await verify(await old.sign());
    publish(next);
    await expect(verify(await next.sign())).resolves.toMatchObject({ userId: 7 });
    await expect(verify(await old.sign())).rejects.toMatchObject({ code: 'token-invalid' });
  });

  it('are not fetched again for a storm of unknown key ids', async () => {
    const one = await signer('ES256', 'one');
    publish(one);
    const verify = verifier();
    await verify(await one.sign());
    for (let n = 0; n < 200; n++) {
      await expect(verify(await one.sign(`made-up-${n}`))).rejects.toMatchObject({ code: 'token-invalid' });
    }
    expect(fetches).toBe(1);
  });

  it('that cannot be fetched are our failure, not the token’s, and the URL is left alone for a while', async () => {
    const one = await signer('ES256', 'one');
    answer = { status: 500, body: '' };
    let now = Date.now();
    const verify = verifier({ monotonic: () => now, retryMs: 1000 });
    const token = await one.sign();
    for (let n = 0; n < 20; n++)
      await expect(verify(token)).rejects.toMatchObject({ code: 'keys-unavailable', status: 503 });
    expect(fetches).toBe(1);

    publish(one);
    now += 500;
    await expect(verify(token)).rejects.toMatchObject({ code: 'keys-unavailable' });
    now += 501;
    await expect(verify(token)).resolves.toMatchObject({ userId: 7 });
  });

  it.each([
    ['a page', '<html>'],
    ['no keys', '{"keys":1}'],
    ['null', 'null'],
  ])('are unavailable while the URL answers with %s', async (_what, body) => {
    answer = { status: 200, body };
    const one = await signer('ES256', 'one');
    await expect(verifier()(await one.sign())).rejects.toMatchObject({ code: 'keys-unavailable' });
  });

  it('stay in force for an hour when the URL fails later', async () => {
    const one = await signer('ES256', 'one');
    publish(one);
    let now = Date.now();
    const verify = verifier({ monotonic: () => now, cooldownMs: 0, retryMs: 0 });
    await verify(await one.sign());
    answer = { status: 500, body: '' };
    // An unknown key id makes it fetch again.
    await expect(verify(await one.sign('unknown'))).rejects.toMatchObject({ code: 'token-invalid' });
    await expect(verify(await one.sign())).resolves.toMatchObject({ userId: 7 });
    expect(fetches).toBe(2);

    now += 3_600_001;
    await expect(verify(await one.sign('unknown'))).rejects.toMatchObject({ code: 'keys-unavailable' });
  });

  it('never serve as a shared secret, and a shared secret never as a key', async () => {
    const rsa = await signer('RS256', 'one');
    const secret = {
      kty: 'oct',
      k: Buffer.from('q7Jx2mV9rT4wZ8bN5cK1').toString('base64url'),
      kid: 'two',
      alg: 'HS256',
    };
    answer = { status: 200, body: JSON.stringify({ keys: [rsa.jwk, secret] }) };
    const hmac = (key: string, kid: string) =>
      new SignJWT({ id: 7 })
        .setProtectedHeader({ alg: 'HS256', kid })
        .setIssuedAt()
        .setExpirationTime('1h')
        .sign(new TextEncoder().encode(key));
    const both = verifier({}, 'a shared secret of the platform');

    await expect(both(await rsa.sign())).resolves.toMatchObject({ userId: 7 });
    await expect(both(await hmac('a shared secret of the platform', 'one'))).resolves.toMatchObject({
      userId: 7,
    });
    for (const key of [JSON.stringify(rsa.jwk), rsa.jwk.n ?? '', 'q7Jx2mV9rT4wZ8bN5cK1'])
      for (const kid of ['one', 'two'])
        await expect(both(await hmac(key, kid))).rejects.toMatchObject({ code: 'token-invalid' });
    await expect(verifier()(await hmac('q7Jx2mV9rT4wZ8bN5cK1', 'two'))).rejects.toMatchObject({
      code: 'token-invalid',
    });
  });
});

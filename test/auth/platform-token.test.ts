import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mintPlatformToken } from '../../src/auth/mint.ts';
import { createPlatformVerifier } from '../../src/auth/platform-token.ts';
import { loadConfig } from '../../src/config/config.ts';

const SECRET = 'q7Jx2mV9rT4wZ8bN5cK1';
const NOW = Date.UTC(2026, 2, 1, 12);
const S = NOW / 1000;
const CLAIMS = { id: 7, iat: S - 60, exp: S + 3600 };

function verifierFor(env: Record<string, string> = {}) {
  const { auth } = loadConfig({ JWT_SECRET: SECRET, ...env });
  return createPlatformVerifier(auth, new TextEncoder().encode(auth.secret), { now: () => NOW });
}
const verify = verifierFor();

const encode = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** Signs whatever it is given, as no library would. */
function forge(header: unknown, payload: unknown, secret = SECRET, hash = 'sha256'): string {
  const input = `${encode(header)}.${encode(payload)}`;
  return `${input}.${createHmac(hash, secret).update(input).digest('base64url')}`;
}

const HS256 = { alg: 'HS256', typ: 'JWT' };
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

function signedWithRsa(payload: unknown): string {
  const input = `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode(payload)}`;
  return `${input}.${sign('sha256', Buffer.from(input), privateKey).toString('base64url')}`;
}

describe("the platform's tokens", () => {
  it('are accepted as they are', async () => {
    const token = await mintPlatformToken(SECRET, 7, { now: NOW });
    expect(await verify(token)).toEqual({
      userId: 7,
      issuedAt: new Date(NOW),
      expiresAt: new Date(NOW + 7 * 86_400_000),
    });
  });

  it('may name the user as text', async () => {
    expect((await verify(forge(HS256, { ...CLAIMS, id: '9007199254740991' }))).userId).toBe(9007199254740991);
  });

  it('may be as late or as early as clocks differ, and keep their own end', async () => {
    const late = await verify(forge(HS256, { ...CLAIMS, exp: S - 4 }));
    expect(late.expiresAt).toEqual(new Date(NOW - 4000));
    await expect(verify(forge(HS256, { ...CLAIMS, iat: S + 4 }))).resolves.toBeDefined();
  });

  it('are distinguished from expired ones only by a signature that is right', async () => {
    const past = { ...CLAIMS, exp: S - 6 };
    await expect(verify(forge(HS256, past))).rejects.toMatchObject({ code: 'token-expired', status: 401 });
    await expect(verify(forge(HS256, past, 'another secret'))).rejects.toMatchObject({
      code: 'token-invalid',
    });
  });

  const hostile: [what: string, token: string][] = [
    ['nothing', ''],
    ['one part', 'eyJhbGciOiJIUzI1NiJ9'],
    ['dots', '..'],
    ['five parts, as if encrypted', `${forge(HS256, CLAIMS)}.a.b`],
    ['a NUL', `${forge(HS256, CLAIMS)}\0`],
    ['another secret', forge(HS256, CLAIMS, 'another secret')],
    ['an empty secret', forge(HS256, CLAIMS, '')],
    ['no signature', `${encode(HS256)}.${encode(CLAIMS)}.`],
    ['a signature cut short', forge(HS256, CLAIMS).slice(0, -4)],
    [
      'claims changed after signing',
      forge(HS256, CLAIMS).replace(/\.(.*)\./, `.${encode({ ...CLAIMS, id: 1 })}.`),
    ],
    ['alg none', `${encode({ alg: 'none', typ: 'JWT' })}.${encode(CLAIMS)}.`],
    ['alg NONE with a signature', forge({ alg: 'NONE' }, CLAIMS)],
    ['no alg', forge({ typ: 'JWT' }, CLAIMS)],
    ['an alg that is not listed', forge({ alg: 'HS512' }, CLAIMS, SECRET, 'sha512')],
    ['a public-key alg without a JWKS', signedWithRsa(CLAIMS)],
    ['alg as an array', forge({ alg: ['HS256'] }, CLAIMS)],
    ['an unknown critical header', forge({ ...HS256, crit: ['x'], x: 1 }, CLAIMS)],
    ['an unencoded payload (b64)', forge({ ...HS256, b64: false, crit: ['b64'] }, CLAIMS)],
    [
      'a key of its own in the header',
      signedWithRsa(CLAIMS).replace(
        /^[^.]+/,
        encode({ alg: 'RS256', jwk: publicKey.export({ format: 'jwk' }) }),
      ),
    ],
    ['a header that is no JSON', forge('HS256', CLAIMS)],
    ['claims that are no JSON', forge(HS256, 'claims')],
    ['claims that are a list', forge(HS256, [CLAIMS])],
    ['claims that are null', forge(HS256, null)],
    ['no exp', forge(HS256, { id: 7, iat: S })],
    ['exp as text', forge(HS256, { ...CLAIMS, exp: String(S + 3600) })],
    ['exp null', forge(HS256, { ...CLAIMS, exp: null })],
    ['exp beyond every date', forge(HS256, { ...CLAIMS, exp: 1e300 })],
    ['exp infinite', forge(HS256, JSON.stringify(CLAIMS).replace(/"exp":\d+/, '"exp":1e999'))],
    ['no iat', forge(HS256, { id: 7, exp: S + 3600 })],
    ['iat as text', forge(HS256, { ...CLAIMS, iat: String(S) })],
    ['iat before 1970', forge(HS256, { ...CLAIMS, iat: -1 })],
    ['iat in the future', forge(HS256, { ...CLAIMS, iat: S + 6 })],
    ['not valid yet', forge(HS256, { ...CLAIMS, nbf: S + 60 })],
    ['no id', forge(HS256, { iat: S, exp: S + 3600 })],
    ...[
      0,
      -1,
      1.5,
      2 ** 53,
      null,
      true,
      [7],
      { id: 7 },
      '',
      '0',
      '07',
      '-7',
      '7 ',
      '7e0',
      '0x7',
      'me',
      '9007199254740992',
    ].map((id): [string, string] => [`id ${JSON.stringify(id)}`, forge(HS256, { ...CLAIMS, id })]),
    [
      'id that JSON cannot hold exactly',
      forge(HS256, JSON.stringify(CLAIMS).replace('7', '9007199254740993')),
    ],
    ['id inherited through __proto__', forge(HS256, `{"__proto__":{"id":7},"iat":${S},"exp":${S + 60}}`)],
    ['more than 8 KiB', forge(HS256, { ...CLAIMS, padding: 'x'.repeat(8192) })],
    ['10 MiB', `${'a'.repeat(5_000_000)}.${'b'.repeat(5_000_000)}.c`],
  ];

  it.each(hostile)('are refused with %s, without the reason', async (_what, token) => {
    const problem = await verify(token).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(JSON.parse(JSON.stringify(problem))).toEqual({
      type: 'urn:codecraft-live:problem:token-invalid',
      title: 'The token is not valid',
      status: 401,
      code: 'token-invalid',
    });
  });

  it('are refused whatever single character of them is changed', async () => {
    const token = forge(HS256, CLAIMS);
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=';
    await fc.assert(
      fc.asyncProperty(fc.nat(token.length - 2), fc.constantFrom(...alphabet), async (at, character) => {
        fc.pre(token[at] !== character);
        const changed = token.slice(0, at) + character + token.slice(at + 1);
        await expect(verify(changed)).rejects.toMatchObject({ code: 'token-invalid' });
      }),
      { numRuns: 300 },
    );
  });

  it('are refused, never worse, whatever is sent', async () => {
    const part = fc.oneof(fc.string(), fc.json().map(encode), fc.constant(encode(HS256)));
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 6 }), async (parts) => {
        await expect(verify(parts.join('.'))).rejects.toMatchObject({ code: 'token-invalid' });
      }),
      { numRuns: 300 },
    );
  });
});

describe('issuer and audience', () => {
  const configured = verifierFor({ JWT_ISSUER: 'https://id.example', JWT_AUDIENCE: 'codecraft' });

  it('are not asked for unless configured', async () => {
    await expect(verify(forge(HS256, { ...CLAIMS, iss: 'x', aud: 'y' }))).resolves.toMatchObject({
      userId: 7,
    });
  });

  it('must both be right when configured', async () => {
    const right = { ...CLAIMS, iss: 'https://id.example', aud: ['other', 'codecraft'] };
    await expect(configured(forge(HS256, right))).resolves.toMatchObject({ userId: 7 });
    for (const wrong of [CLAIMS, { ...right, iss: 'https://evil.example' }, { ...right, aud: 'other' }])
      await expect(configured(forge(HS256, wrong))).rejects.toMatchObject({ code: 'token-invalid' });
  });
});

describe('the algorithms', () => {
  it('are the listed ones and no others', async () => {
    const only512 = verifierFor({ JWT_ALGORITHMS: 'HS512' });
    await expect(only512(forge({ alg: 'HS512' }, CLAIMS, SECRET, 'sha512'))).resolves.toMatchObject({
      userId: 7,
    });
    await expect(only512(forge(HS256, CLAIMS))).rejects.toMatchObject({ code: 'token-invalid' });
  });
});

import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import { verifyJwt } from '../../src/auth/verify-jwt.ts';

const SECRET = new TextEncoder().encode('q7Jx2mV9rT4wZ8bN5cK1');
const NOW = Date.UTC(2026, 2, 1, 12);
const S = NOW / 1_000;
const OPTIONS = {
  algorithms: ['HS256', 'HS512'],
  requiredClaims: ['exp', 'iat'],
  audience: 'live',
  clockTolerance: 5,
  currentDate: new Date(NOW),
};

const HASHES: Record<string, string> = { HS256: 'sha256', HS384: 'sha384', HS512: 'sha512' };

const encode = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

function sign(header: unknown, payload: unknown, hash: string, secret = SECRET): string {
  const input = `${encode(header)}.${encode(payload)}`;
  return `${input}.${createHmac(hash, secret).update(input).digest('base64url')}`;
}

const header = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom({ alg: 'HS256', typ: 'JWT' }, { alg: 'HS512' }) },
  fc.record(
    {
      alg: fc.constantFrom('HS256', 'HS384', 'HS512', 'none', 'RS256', 'hs256', 7, null),
      typ: fc.constantFrom('JWT', 'at+jwt', 7, null),
      kid: fc.constantFrom('k', 1),
      crit: fc.constantFrom([], ['b64'], ['exp'], 'b64'),
      b64: fc.constantFrom(true, false, 'false'),
      jku: fc.constant('https://elsewhere.example'),
    },
    { requiredKeys: [] },
  ),
  fc.constantFrom(
    '',
    '[]',
    'null',
    '"HS256"',
    '{"alg":"HS256","alg":"none"}',
    '{"__proto__":{"crit":["b64"]},"alg":"HS256"}',
  ),
);
const time = fc.constantFrom(
  S - 3_600,
  S - 6,
  S - 5,
  S - 4,
  S,
  S + 4,
  S + 6,
  S + 3_600,
  'soon',
  null,
  -1,
  1e300,
);
const payload = fc.oneof(
  fc.constant({ iat: S, exp: S + 3_600, aud: 'live' }),
  fc.record(
    {
      id: fc.constantFrom(7, '7'),
      iat: time,
      exp: time,
      nbf: time,
      aud: fc.constantFrom('live', ['live', 'other'], 'other', 7),
    },
    { requiredKeys: ['iat', 'exp', 'aud'] },
  ),
  fc.constantFrom(
    '',
    '[]',
    'null',
    '{',
    '"text"',
    '\u{1F600}',
    '{"exp":1,"exp":4000000000,"iat":1,"aud":"live"}',
  ),
);
/** What an attacker, or a careless library, does to the written token. */
const spelling = fc.constantFrom<((token: string) => string)[]>(
  ...Array.from({ length: 4 }, () => (token: string) => token),
  (token) => `${token}=`,
  (token) => `${token}.`,
  (token) => `${token} `,
  (token) => token.replace('.', '..'),
  (token) => token.slice(0, -1),
  (token) => `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`,
  (token) => token.replaceAll('-', '+').replaceAll('_', '/'),
  (token) => token.slice(0, token.lastIndexOf('.') + 1),
  (token) => token.replace(/^./, (first) => `\n${first}`),
);

describe('Tokens', () => {
  it('are accepted and refused as by jose alone, whatever is in them and however they are written', async () => {
    const accepted = { count: 0 };
    await fc.assert(
      fc.asyncProperty(
        header,
        payload,
        fc.constantFrom(...Object.values(HASHES)),
        fc.constantFrom(SECRET, SECRET, SECRET, new TextEncoder().encode('another')),
        spelling,
        fc.integer({ min: 0, max: 9 }),
        async (head, body, hash, secret, respell, die) => {
          const named = HASHES[(head as { alg?: string }).alg ?? ''];
          const token = respell(sign(head, body, die > 0 ? (named ?? hash) : hash, secret));
          const outcome = (result: Promise<unknown>) =>
            result.then(
              (claims) => ({ claims }),
              (error: { code?: string; claim?: string }) => ({ code: error.code, claim: error.claim }),
            );
          const ours = await outcome(
            verifyJwt(token, { secret: SECRET, keyOf: () => SECRET, options: OPTIONS }),
          );
          const theirs = await outcome(
            jwtVerify(token, SECRET, OPTIONS).then(({ payload: claims }) => claims),
          );
          // A payload that is no base64url, JSON or object is refused under either name.
          const invalid = new Set(['ERR_JWT_INVALID', 'ERR_JWS_INVALID']);
          if ('code' in ours && 'code' in theirs && invalid.has(String(ours.code)))
            expect(invalid).toContain(theirs.code);
          else expect(ours).toEqual(theirs);
          if ('claims' in ours) accepted.count += 1;
        },
      ),
      { numRuns: 1_500 },
    );
    expect(accepted.count).toBeGreaterThan(15);
  });
});

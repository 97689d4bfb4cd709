import { type JWTPayload, SignJWT } from 'jose';
import { CLOCK_TOLERANCE_S, MAX_TOKEN_LENGTH } from './claims.ts';
import { verifyJwt } from './verify-jwt.ts';

/** Kinds of tokens that this service signs, by their `aud`. */
export const AUDIENCES = { service: 'codecraft-live/service', ticket: 'codecraft-live/ticket' } as const;

/** Signs a token of this service. @param times seconds since 1970 */
export function signOwn(
  audience: string,
  key: Uint8Array,
  claims: JWTPayload,
  times: { readonly iat: number; readonly exp: number },
): Promise<string> {
  return new SignJWT({ ...claims, ...times, aud: audience })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .sign(key);
}

/**
 * Verifies a token that this service signed for this audience.
 *
 * @returns its claims
 * @throws Error of jose; `JWTExpired`, with the claims, where the token is valid but for its expiry
 */
export async function verifyOwn(
  audience: string,
  key: Uint8Array,
  token: string,
  now: number,
): Promise<JWTPayload> {
  if (token.length > MAX_TOKEN_LENGTH) throw new Error('too large');
  return verifyJwt(token, {
    secret: key,
    keyOf: () => key,
    options: {
      algorithms: ['HS256'],
      audience,
      requiredClaims: ['iat', 'exp'],
      clockTolerance: CLOCK_TOLERANCE_S,
      currentDate: new Date(now),
    },
  });
}

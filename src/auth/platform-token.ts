import { errors, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';
import type { AuthConfig } from '../config/config.ts';
import { Problem } from '../protocol/problem.ts';
import { CLOCK_TOLERANCE_S, idClaim, isFromTheFuture, MAX_TOKEN_LENGTH, numericDate } from './claims.ts';
import { createJwks, type JwksOptions } from './jwks.ts';
import { AUDIENCES } from './own-token.ts';
import { verifyJwt } from './verify-jwt.ts';

/** Claims of the platform's token. Player, role and status are read from the database. */
interface PlatformToken {
  readonly userId: number;
  readonly issuedAt: Date;
  readonly expiresAt: Date;
}

/** @throws Problem `token-invalid`, `token-expired`, `keys-unavailable` */
export type VerifyPlatformToken = (token: string) => Promise<PlatformToken>;

interface VerifierOptions extends Omit<JwksOptions, 'now'> {
  /** Time by which tokens expire, in ms since 1970. */
  readonly now?: () => number;
  /** Clock of the keys' cache, in ms. */
  readonly monotonic?: () => number;
}

/** `iat` is required, unlike in RFC 7519: a token without it could not be revoked. */
const CLAIMS = z.object({
  id: idClaim,
  iat: numericDate,
  exp: numericDate,
  aud: z.unknown().refine(isNotOurs).optional(),
});

/**
 * Creates the verifier of the platform's tokens, `{ id, iat, exp }`. Tokens signed with HMAC are verified with the shared
 * secret alone, those with a public key with the JWKS alone, so that neither key is accepted as the other.
 */
export function createPlatformVerifier(
  auth: AuthConfig,
  platformKey: Uint8Array | undefined,
  { now = Date.now, monotonic, ...options }: VerifierOptions = {},
): VerifyPlatformToken {
  const intervals = monotonic === undefined ? {} : { now: monotonic };
  const jwks =
    auth.jwksUrl === undefined ? undefined : createJwks(auth.jwksUrl, { ...options, ...intervals });

  const keyOf: JWTVerifyGetKey = (header, token) => {
    if (!header.alg?.startsWith('HS')) return jwks === undefined ? noKey() : jwks(header, token);
    return platformKey ?? noKey();
  };

  const checks = {
    algorithms: [...auth.algorithms],
    requiredClaims: ['exp', 'iat'],
    clockTolerance: CLOCK_TOLERANCE_S,
    ...(auth.issuer === undefined ? {} : { issuer: auth.issuer }),
    ...(auth.audience === undefined ? {} : { audience: auth.audience }),
  };

  return async (token) => {
    if (token.length > MAX_TOKEN_LENGTH) throw new Problem('token-invalid');
    let payload: unknown;
    try {
      payload = await verifyJwt(token, {
        secret: platformKey,
        keyOf,
        options: { ...checks, currentDate: new Date(now()) },
      });
    } catch (error) {
      if (error instanceof Problem) throw error;
      throw new Problem(error instanceof errors.JWTExpired ? 'token-expired' : 'token-invalid');
    }
    const claims = CLAIMS.safeParse(payload);
    if (!claims.success || isFromTheFuture(claims.data.iat, now())) throw new Problem('token-invalid');
    return { userId: claims.data.id, issuedAt: claims.data.iat, expiresAt: claims.data.exp };
  };
}

/** Whether the audience is not one of tickets or service tokens, which are not the platform's. */
function isNotOurs(audience: unknown): boolean {
  return ![audience].flat().some((name) => Object.values<unknown>(AUDIENCES).includes(name));
}

function noKey(): never {
  throw new errors.JWKSNoMatchingKey();
}

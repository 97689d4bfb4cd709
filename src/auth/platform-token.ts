import { errors, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { z } from 'zod';
import type { AuthConfig } from '../config/config.ts';
import { Problem } from '../protocol/problem.ts';
import { CLOCK_TOLERANCE_S, idClaim, isFromTheFuture, MAX_TOKEN_LENGTH, numericDate } from './claims.ts';
import { createJwks, type JwksOptions } from './jwks.ts';
import { AUDIENCES } from './own-token.ts';

/** What a token of the platform says: who, and from when until when. Player, role and status are the database's to say. */
interface PlatformToken {
  readonly userId: number;
  readonly issuedAt: Date;
  readonly expiresAt: Date;
}

/** @throws Problem `token-invalid`, `token-expired`, `keys-unavailable` */
export type VerifyPlatformToken = (token: string) => Promise<PlatformToken>;

/** `iat` is needed although RFC 7519 does without: a token that cannot be dated could not be revoked. */
const CLAIMS = z.object({
  id: idClaim,
  iat: numericDate,
  exp: numericDate,
  aud: z.unknown().refine(isNotOurs).optional(),
});

/**
 * Verifies the platform's tokens as they are: `{ id, iat, exp }`. Those signed with HMAC are held against the shared
 * secret and no other key, those with a public key against the JWKS, so that neither key can serve for the other.
 */
export function createPlatformVerifier(
  auth: AuthConfig,
  platformKey: Uint8Array | undefined,
  options: JwksOptions = {},
): VerifyPlatformToken {
  const now = options.now ?? Date.now;
  const jwks = auth.jwksUrl === undefined ? undefined : createJwks(auth.jwksUrl, options);

  const keyOf: JWTVerifyGetKey = (header, token) => {
    if (!header.alg?.startsWith('HS')) return jwks === undefined ? noKey() : jwks(header, token);
    return platformKey ?? noKey();
  };

  return async (token) => {
    if (token.length > MAX_TOKEN_LENGTH) throw new Problem('token-invalid');
    let payload: unknown;
    try {
      ({ payload } = await jwtVerify(token, keyOf, {
        algorithms: [...auth.algorithms],
        requiredClaims: ['exp', 'iat'],
        clockTolerance: CLOCK_TOLERANCE_S,
        currentDate: new Date(now()),
        ...(auth.issuer === undefined ? {} : { issuer: auth.issuer }),
        ...(auth.audience === undefined ? {} : { audience: auth.audience }),
      }));
    } catch (error) {
      if (error instanceof Problem) throw error;
      throw new Problem(error instanceof errors.JWTExpired ? 'token-expired' : 'token-invalid');
    }
    const claims = CLAIMS.safeParse(payload);
    if (!claims.success || isFromTheFuture(claims.data.iat, now())) throw new Problem('token-invalid');
    return { userId: claims.data.id, issuedAt: claims.data.iat, expiresAt: claims.data.exp };
  };
}

/** A token that says it is a ticket or a service's is not the platform's, whoever signed it. */
function isNotOurs(audience: unknown): boolean {
  return ![audience].flat().some((name) => Object.values<unknown>(AUDIENCES).includes(name));
}

function noKey(): never {
  throw new errors.JWKSNoMatchingKey();
}

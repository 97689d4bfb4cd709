import { decodeJwt, errors } from 'jose';
import { z } from 'zod';
import { Problem } from '../protocol/problem.ts';
import type { Ready } from '../util/when-ready.ts';
import { isExpired, isFromTheFuture, MAX_TOKEN_LENGTH, numericDate } from './claims.ts';
import type { ServiceIdentity } from './identity.ts';
import { AUDIENCES, verifyOwn } from './own-token.ts';
import { TtlCache } from './ttl-cache.ts';

const CLAIMS = z.object({ sub: z.string().min(1).max(64), iat: numericDate, exp: numericDate });

/** Whether a bearer token claims to be a service's. Unverified: it only decides which verifier the token goes to. */
function claimsToBeService(token: string): boolean {
  if (token.length > MAX_TOKEN_LENGTH) return false;
  // Most tokens are users', which need not be parsed for this.
  const claims = token.slice(token.indexOf('.') + 1, token.lastIndexOf('.'));
  if (!Buffer.from(claims, 'base64url').includes(AUDIENCES.service)) return false;
  try {
    const { aud } = decodeJwt(token);
    return aud === AUDIENCES.service;
  } catch {
    return false;
  }
}

export interface ServiceTokens {
  /**
   * Verifies a token: at once where it was verified before.
   * @param now ms since 1970
   * @returns undefined where the token is not a service's
   * @throws Problem `token-invalid`, `token-expired`
   */
  verify(token: string, now: number): Ready<ServiceIdentity> | undefined;
}

/** Max number of tokens that are remembered as verified. */
const MAX_VERIFIED = 1_000;
/** Max time for which one is remembered, ms. */
const VERIFIED_MS = 60 * 60_000;

/** Verifies service tokens: the signature of each once, its expiry with every call. */
export function createServiceTokens(key: Uint8Array, options: { now?: () => number } = {}): ServiceTokens {
  const verified = new TtlCache<string, ServiceIdentity>({
    ttlMs: VERIFIED_MS,
    capacity: MAX_VERIFIED,
    ...options,
  });
  return {
    verify(token, now) {
      const known = verified.get(token);
      if (known !== undefined) {
        if (isExpired(known.expiresAt, now)) throw new Problem('token-expired');
        return known;
      }
      if (!claimsToBeService(token)) return undefined;
      return verifyServiceToken(token, key, now).then((identity) => {
        verified.set(token, identity);
        return identity;
      });
    },
  };
}

/** @throws Problem `token-invalid`, `token-expired` */
async function verifyServiceToken(token: string, key: Uint8Array, now: number): Promise<ServiceIdentity> {
  let payload: unknown;
  try {
    payload = await verifyOwn(AUDIENCES.service, key, token, now);
  } catch (error) {
    throw new Problem(error instanceof errors.JWTExpired ? 'token-expired' : 'token-invalid');
  }
  const claims = CLAIMS.safeParse(payload);
  if (!claims.success || isFromTheFuture(claims.data.iat, now)) throw new Problem('token-invalid');
  return { kind: 'service', name: claims.data.sub, expiresAt: claims.data.exp };
}

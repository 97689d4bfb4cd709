import { decodeJwt, errors } from 'jose';
import { z } from 'zod';
import { Problem } from '../protocol/problem.ts';
import { isFromTheFuture, MAX_TOKEN_LENGTH, numericDate } from './claims.ts';
import type { ServiceIdentity } from './identity.ts';
import { AUDIENCES, verifyOwn } from './own-token.ts';

const CLAIMS = z.object({ sub: z.string().min(1).max(64), iat: numericDate, exp: numericDate });

/** Whether a bearer token claims to be a service's. Unverified: it only decides which verifier the token goes to. */
export function claimsToBeService(token: string): boolean {
  if (token.length > MAX_TOKEN_LENGTH) return false;
  try {
    const { aud } = decodeJwt(token);
    return aud === AUDIENCES.service;
  } catch {
    return false;
  }
}

/** @throws Problem `token-invalid`, `token-expired` */
export async function verifyServiceToken(
  token: string,
  key: Uint8Array,
  now: number,
): Promise<ServiceIdentity> {
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

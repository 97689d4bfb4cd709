import { SignJWT } from 'jose';
import { AUDIENCES, signOwn } from './own-token.ts';

export interface Lifetime {
  /** In seconds. */
  readonly lifetimeS?: number;
  readonly now?: number;
}

const WEEK_S = 7 * 86_400;
const YEAR_S = 365 * 86_400;

/** Mints a token like the platform's login, for development and demos. Default lifetime: seven days. */
export function mintPlatformToken(secret: string, userId: number, lifetime: Lifetime = {}): Promise<string> {
  const { iat, exp } = times(lifetime, WEEK_S);
  return new SignJWT({ id: userId, iat, exp })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .sign(new TextEncoder().encode(secret));
}

/**
 * Mints a token that may publish. Default lifetime: one year. Only a change of the secret behind `key` revokes it.
 *
 * @param key `Keys.service`
 * @param name of the service, 1 to 64 characters; it appears in logs
 */
export function mintServiceToken(key: Uint8Array, name: string, lifetime: Lifetime = {}): Promise<string> {
  if (name.length < 1 || name.length > 64)
    throw new RangeError('The name of a service has 1 to 64 characters.');
  return signOwn(AUDIENCES.service, key, { sub: name }, times(lifetime, YEAR_S));
}

function times({ lifetimeS, now = Date.now() }: Lifetime, defaultS: number): { iat: number; exp: number } {
  const iat = Math.floor(now / 1000);
  return { iat, exp: iat + (lifetimeS ?? defaultS) };
}

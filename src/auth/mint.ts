import { SignJWT } from 'jose';
import { AUDIENCES, signOwn } from './own-token.ts';

export interface Lifetime {
  /** In seconds. */
  readonly lifetimeS?: number;
  readonly now?: number;
}

const WEEK_S = 7 * 86_400;
const YEAR_S = 365 * 86_400;

/** A token just as the platform's login gives one: for development and demos. Seven days unless said otherwise. */
export function mintPlatformToken(secret: string, userId: number, lifetime: Lifetime = {}): Promise<string> {
  const { iat, exp } = times(lifetime, WEEK_S);
  return new SignJWT({ id: userId, iat, exp })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .sign(new TextEncoder().encode(secret));
}

/**
 * A token that publishes. One year unless said otherwise; it ends earlier only with the secret behind `key`.
 *
 * @param key `Keys.service`
 * @param name who will use it, 1 to 64 characters; it shows in logs
 */
export function mintServiceToken(key: Uint8Array, name: string, lifetime: Lifetime = {}): Promise<string> {
  if (name.length < 1 || name.length > 64)
    throw new RangeError('The name of a service has 1 to 64 characters.');
  return signOwn(AUDIENCES.service, key, { sub: name }, times(lifetime, YEAR_S));
}

function times({ lifetimeS, now = Date.now() }: Lifetime, usualS: number): { iat: number; exp: number } {
  const iat = Math.floor(now / 1000);
  return { iat, exp: iat + (lifetimeS ?? usualS) };
}

import { z } from 'zod';
import { parseId } from '../protocol/scope.ts';

/** Max length of a token, in characters. Longer ones are refused before they are parsed. */
export const MAX_TOKEN_LENGTH = 8192;

/** Max clock skew between the issuer of a token and this machine, in seconds. */
export const CLOCK_TOLERANCE_S = 5;

/** Schema of a NumericDate (RFC 7519 § 2), in the range of a Date. */
export const numericDate = z
  .number()
  .min(0)
  .max(8.64e12)
  .transform((seconds) => new Date(seconds * 1000));

/** Schema of an id of the platform, as a number or as decimal text. */
export const idClaim = z.union([z.int().min(1), z.string()]).transform((value, context) => {
  const id = parseId(String(value));
  if (id === undefined) context.addIssue({ code: 'custom', message: 'is not an id' });
  return id ?? z.NEVER;
});

/** Whether a token was issued in the future, beyond the tolerated clock skew. */
export function isFromTheFuture(issuedAt: Date, now: number): boolean {
  return issuedAt.getTime() > now + CLOCK_TOLERANCE_S * 1000;
}

/** Whether a token has expired, with the tolerated clock skew, counted in whole seconds as by jose. */
export function isExpired(expiresAt: Date, now: number): boolean {
  return expiresAt.getTime() / 1000 <= Math.floor(now / 1000) - CLOCK_TOLERANCE_S;
}

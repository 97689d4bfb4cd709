import { z } from 'zod';
import { parseId } from '../protocol/scope.ts';

/** Larger tokens are refused before they are parsed, in characters. */
export const MAX_TOKEN_LENGTH = 8192;

/** How far the clocks of who signed a token and of this machine may differ, in seconds. */
export const CLOCK_TOLERANCE_S = 5;

/** Seconds since 1970 (RFC 7519 § 2), as far as a Date reaches. */
export const numericDate = z
  .number()
  .min(0)
  .max(8.64e12)
  .transform((seconds) => new Date(seconds * 1000));

/** An id of the platform, as the number it is or as its decimal text. */
export const idClaim = z.union([z.int().min(1), z.string()]).transform((value, context) => {
  const id = parseId(String(value));
  if (id === undefined) context.addIssue({ code: 'custom', message: 'is not an id' });
  return id ?? z.NEVER;
});

/** Whether it claims to have been issued later than the clocks' difference explains. */
export function isFromTheFuture(issuedAt: Date, now: number): boolean {
  return issuedAt.getTime() > now + CLOCK_TOLERANCE_S * 1000;
}

import { z } from '@hono/zod-openapi';

/** A whole number in a query, from `min` to `max`. */
export const whole = (min: number, max: number, fallback: number) =>
  z
    .string()
    .regex(/^[0-9]{1,7}$/)
    .transform(Number)
    .pipe(z.int().min(min).max(max))
    .default(fallback);

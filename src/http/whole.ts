import { z } from '@hono/zod-openapi';

/** Schema of a whole number in a query, from `min` to `max`. */
export const whole = (min: number, max: number, fallback: number) => {
  const expected = `is not a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^[0-9]{1,7}$/, expected)
    .transform(Number)
    .refine((value) => value >= min && value <= max, expected)
    .default(fallback)
    .openapi({ type: 'integer', minimum: min, maximum: max, default: fallback });
};

/** Schema of the id that a page begins below. */
export const before = z
  .string()
  .regex(/^[1-9][0-9]{0,15}$/, 'is not an id')
  .transform(Number)
  .refine(Number.isSafeInteger, 'is not an id')
  .optional()
  .openapi({ type: 'integer', description: '`next` of the page before.' });

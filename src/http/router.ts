import { OpenAPIHono, z } from '@hono/zod-openapi';
import { fieldErrorsOf } from '../protocol/field-errors.ts';
import { PROBLEMS, Problem, type ProblemCode } from '../protocol/problem.ts';
import type { AppEnv } from './app-env.ts';

export type { AppEnv };

export type Router = OpenAPIHono<AppEnv>;

/**
 * A router whose invalid input becomes a problem: what stands in the path is a 404 or 400, in the query a 400, in the
 * body a 422 that names the fields.
 */
export function createRouter(): Router {
  return new OpenAPIHono<AppEnv>({
    defaultHook: (result) => {
      if (result.success) return;
      const errors = fieldErrorsOf(result.error.issues, '', 'is not known here');
      const [first] = errors;
      throw new Problem(CODES[result.target] ?? 'bad-request', {
        errors,
        ...(first ? { detail: `${first.pointer} ${first.detail}`.trim() } : {}),
      });
    },
  });
}

const CODES: Partial<Record<string, ProblemCode>> = {
  json: 'invalid-body',
  param: 'invalid-id',
  query: 'invalid-query',
};

/** The schema of a problem, for the API description. */
export const problemSchema = z
  .object({
    type: z.string().openapi({ example: 'urn:codecraft-live:problem:not-found' }),
    title: z.string(),
    status: z.int(),
    code: z.enum(Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]]),
    detail: z.string().optional(),
    errors: z
      .array(z.object({ pointer: z.string(), detail: z.string() }))
      .optional()
      .openapi({ description: 'What is wrong, by JSON pointer into the body, or into the query.' }),
    scopes: z
      .array(z.string())
      .optional()
      .openapi({ description: 'The scopes that are refused, as they were asked for.' }),
    limit: z.int().optional().openapi({ description: 'How many scopes there may be.' }),
  })
  .openapi('Problem');

/** The description of the problems that a route may answer with, each by its codes. */
export function problems(...statuses: number[]) {
  const content = { 'application/problem+json': { schema: problemSchema } };
  const codes = (status: number) =>
    Object.entries(PROBLEMS).flatMap(([code, [its]]) => (its === status ? [code] : []));
  return {
    ...Object.fromEntries(
      statuses.map((status) => [status, { description: codes(status).join(', '), content }]),
    ),
    // What any request may come upon, whatever its route: a wrong method, a header too many.
    default: { description: 'Any other problem', content },
  };
}

/** An id in a path: decimal digits, 1 … 2^53 − 1. */
export const idParam = (name: string) =>
  z
    .string()
    .regex(/^[1-9][0-9]{0,15}$/, 'is not an id')
    .transform(Number)
    .refine(Number.isSafeInteger, 'is not an id')
    .openapi({ param: { name, in: 'path' }, type: 'integer', example: 7 });

import { OpenAPIHono, z } from '@hono/zod-openapi';
import { fieldErrorsOf } from '../protocol/field-errors.ts';
import { PROBLEMS, Problem, type ProblemCode } from '../protocol/problem.ts';
import type { AppEnv } from './app-env.ts';

export type { AppEnv };

export type Router = OpenAPIHono<AppEnv>;

/**
 * Creates a router that answers invalid input with a problem: in the path or the query a 400, in the body a 422. The
 * problem names the fields.
 */
export function createRouter(): Router {
  return new OpenAPIHono<AppEnv>({
    defaultHook: (result) => {
      if (!result.success) throw invalidInput(result.error, result.target);
    },
  });
}

/** Problem of input that does not fit its schema. @param target part of the request, as Hono's validators name it */
export function invalidInput({ issues }: Pick<z.ZodError, 'issues'>, target: string): Problem {
  const errors = fieldErrorsOf(issues, '', 'is not known here');
  const [first] = errors;
  return new Problem(CODES[target] ?? 'bad-request', {
    errors,
    ...(first ? { detail: `${first.pointer} ${first.detail}`.trim() } : {}),
  });
}

const CODES: Partial<Record<string, ProblemCode>> = {
  json: 'invalid-body',
  param: 'invalid-id',
  query: 'invalid-query',
};

/** Schema of a problem, for the API description. */
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
      .openapi({ description: 'The refused scopes, as the request named them.' }),
    limit: z.int().optional().openapi({ description: 'Max number of scopes.' }),
    step: z.int().optional().openapi({ description: 'The last step of a reveal.' }),
  })
  .openapi('Problem');

/** Describes the problems that a route may answer with: per status, the codes. */
export function problems(...statuses: number[]) {
  const content = { 'application/problem+json': { schema: problemSchema } };
  const codes = (status: number) =>
    Object.entries(PROBLEMS).flatMap(([code, [its]]) => (its === status ? [code] : []));
  return {
    ...Object.fromEntries(
      statuses.map((status) => [status, { description: codes(status).join(', '), content }]),
    ),
    // Problems that do not depend on the route, such as a wrong method or too many headers.
    default: { description: 'Any other problem', content },
  };
}

/** Schema of an id in a path: decimal digits, 1 … 2^53 − 1. */
export const idParam = (name: string) =>
  z
    .string()
    .regex(/^[1-9][0-9]{0,15}$/, 'is not an id')
    .transform(Number)
    .refine(Number.isSafeInteger, 'is not an id')
    .openapi({ param: { name, in: 'path' }, type: 'integer', example: 7 });

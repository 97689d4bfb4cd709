import type { HttpBindings } from '@hono/node-server';
import { OpenAPIHono, z } from '@hono/zod-openapi';
import { type FieldError, Problem } from '../protocol/problem.ts';

/** What handlers find in their context. The bindings are absent where no Node server is in front of the app. */
export interface AppEnv {
  Bindings: Partial<HttpBindings>;
}

export type Router = OpenAPIHono<AppEnv>;

/**
 * A router whose invalid input becomes a problem: what stands in the path is a 404 or 400, in the query a 400, in the
 * body a 422 that names the fields.
 */
export function createRouter(): Router {
  return new OpenAPIHono<AppEnv>({
    defaultHook: (result) => {
      if (result.success) return;
      const errors = result.error.issues.flatMap((issue): FieldError[] => {
        const pointer = issue.path
          .map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`)
          .join('');
        if (issue.code === 'unrecognized_keys')
          return issue.keys.map((key) => ({ pointer: `${pointer}/${key}`, detail: 'is not known here' }));
        return [{ pointer, detail: issue.message }];
      });
      const code =
        result.target === 'json'
          ? 'invalid-body'
          : result.target === 'param'
            ? 'invalid-id'
            : 'invalid-query';
      const first = errors[0];
      throw new Problem(code, { errors, ...(first ? { detail: `${first.pointer} ${first.detail}` } : {}) });
    },
  });
}

/** The schema of a problem, for the API description. */
export const problemSchema = z
  .object({
    type: z.string().openapi({ example: 'urn:codecraft-live:problem:not-found' }),
    title: z.string(),
    status: z.int(),
    code: z.string(),
    detail: z.string().optional(),
    errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
  })
  .openapi('Problem');

/** The description of the problems that a route may answer with. */
export function problems(...statuses: number[]) {
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      { description: 'A problem', content: { 'application/problem+json': { schema: problemSchema } } },
    ]),
  );
}

/** An id in a path: decimal digits, 1 … 2^53 − 1. */
export const idParam = (name: string) =>
  z
    .string()
    .regex(/^[1-9][0-9]{0,15}$/, 'is not an id')
    .transform(Number)
    .refine(Number.isSafeInteger, 'is not an id')
    .openapi({ param: { name, in: 'path' }, type: 'integer', example: 7 });

import { HTTPException } from 'hono/http-exception';
import { asProblem } from '../db/errors.ts';
import { Problem, type ProblemCode } from '../protocol/problem.ts';

/** Converts an error to a problem for the client. Of an unknown error nothing is revealed. */
export function toProblem(error: unknown): Problem {
  const known = asProblem(error);
  if (known instanceof Problem) return known;
  if (error instanceof HTTPException) return new Problem(BY_STATUS[error.status] ?? 'bad-request');
  return new Problem('internal', { cause: error });
}

/** Response with a problem (RFC 9457 § 3). */
export function problemResponse(problem: Problem): Response {
  const headers = new Headers({
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  if (problem.status === 401) headers.set('www-authenticate', 'Bearer realm="codecraft-live"');
  if (problem.options.retryAfter !== undefined)
    headers.set('retry-after', String(problem.options.retryAfter));
  return new Response(JSON.stringify(problem), { status: problem.status, headers });
}

const BY_STATUS: Partial<Record<number, ProblemCode>> = {
  400: 'invalid-json',
  401: 'token-invalid',
  403: 'forbidden',
  404: 'not-found',
  405: 'method-not-allowed',
  413: 'body-too-large',
  415: 'unsupported-media-type',
};

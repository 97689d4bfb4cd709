import type { IncomingMessage } from 'node:http';
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

/** Receives errors of the service, as opposed to the client's. */
export type OnRequestError = (error: unknown, request: { method: string; path: string }) => void;

/** The problem that a request is answered with after an error. Errors of the service are reported. */
export function problemOf(
  error: unknown,
  request: { readonly method: string; readonly path: string },
  incoming: IncomingMessage | undefined,
  onError: OnRequestError | undefined,
): Problem {
  // The client disconnected before its request was complete: no error of the service.
  const aborted = incoming?.destroyed === true && !incoming.complete;
  const problem = aborted ? new Problem('bad-request') : toProblem(error);
  if (problem.status >= 500) onError?.(error, request);
  return problem;
}

/** Headers and body of a response with a problem (RFC 9457 § 3). */
export function problemContent(problem: Problem): { headers: [name: string, value: string][]; body: string } {
  const headers: [string, string][] = [
    ['content-type', 'application/problem+json'],
    ['cache-control', 'no-store'],
    ['x-content-type-options', 'nosniff'],
  ];
  if (problem.status === 401) headers.push(['www-authenticate', 'Bearer realm="codecraft-live"']);
  if (problem.options.retryAfter !== undefined)
    headers.push(['retry-after', String(problem.options.retryAfter)]);
  return { headers, body: JSON.stringify(problem) };
}

/** Response with a problem. */
export function problemResponse(problem: Problem): Response {
  const { headers, body } = problemContent(problem);
  return new Response(body, { status: problem.status, headers });
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

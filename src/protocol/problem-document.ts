import type { ProblemBody } from './problem.ts';

/** What the `type` of every problem of this service begins with; its code follows. */
export const PROBLEM_TYPE = 'urn:codecraft-live:problem:';
const CONTENT_TYPE = 'application/problem+json';

/** Whether an answer's header says that its body is a problem document (RFC 9457). Anybody's may be. */
export function saysProblem(headers: Headers): boolean {
  return headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() === CONTENT_TYPE;
}

/**
 * The service's own problem document in an answer that is no success; `undefined` for whatever else answered: a proxy, a
 * gateway, a captive portal. Only the service's own word is final.
 */
export function readProblem(headers: Headers, text: string): ProblemBody | undefined {
  if (!saysProblem(headers)) return undefined;
  try {
    const body = JSON.parse(text) as Partial<ProblemBody> | null;
    return typeof body?.code === 'string' && body.type === `${PROBLEM_TYPE}${body.code}`
      ? (body as ProblemBody)
      : undefined;
  } catch {
    return undefined;
  }
}

/** What the `type` of every problem of this service begins with; its code follows. */
export const PROBLEM_TYPE = 'urn:codecraft-live:problem:';
const CONTENT_TYPE = 'application/problem+json';

/** Whether headers declare a problem document (RFC 9457), of this service or of another server. */
export function declaresProblem(headers: Headers): boolean {
  return headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() === CONTENT_TYPE;
}

/** What the `type` of every problem of this service begins with; its code follows. */
export const PROBLEM_TYPE = 'urn:codecraft-live:problem:';
const CONTENT_TYPE = 'application/problem+json';

/** Whether an answer's header says that its body is a problem document (RFC 9457). Other servers' answers may be, too. */
export function saysProblem(headers: Headers): boolean {
  return headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() === CONTENT_TYPE;
}
